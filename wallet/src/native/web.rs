//! Pages by reqwest.

use farthing_client::native::{ReqwestHttp, reason, secret_value};
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use crate::http::HttpError;
use crate::web::{Head, Page, PageRequest, Web};

/// A page that reqwest has begun to read.
#[derive(Debug)]
pub struct ReqwestPage {
    head: Head,
    answer: reqwest::Response,
}

impl Page for ReqwestPage {
    fn head(&self) -> &Head {
        &self.head
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        let chunk = self.answer.chunk().await.map_err(|error| reason(&error))?;
        Ok(chunk.map(Vec::from))
    }
}

impl Web for ReqwestHttp {
    type Page = ReqwestPage;

    async fn open(&self, request: &PageRequest) -> Result<ReqwestPage, HttpError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| HttpError("this is not an HTTP method".to_owned()))?;
        let mut built = self.for_pages(&request.url)?.request(method, &request.url);
        for (name, value) in &request.headers {
            built = built.header(name, secret_value(value.expose(), name)?);
        }
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        }
        let answer = match built.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.reason(error).await),
        };
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        };
        let head = Head {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(header).collect(),
        };
        Ok(ReqwestPage { head, answer })
    }
}
