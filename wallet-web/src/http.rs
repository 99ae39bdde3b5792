//! Requests by `fetch`: to mints, and to the sites that are paid.

use std::cell::RefCell;
use std::rc::Rc;

use farthing_wallet::http::{HttpError, Request, Response};
use farthing_wallet::web::Head;
use farthing_wallet::{Http, Observer, Page, PageRequest, Pause, Progress, Web};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::host::{send_request, text_of, wait_seconds};
use crate::site::{PayLink, Step, answer, step};

/// The largest answer of a mint, in bytes: a keyset's keys, and signatures.
const MINT_BYTES_MAX: u32 = 16 * 1024 * 1024;
/// The largest answer of a site, in bytes: a receipt, and the signatures on the change.
const SITE_BYTES_MAX: u32 = 256 * 1024;

/// `fetch`, without cookies, redirects, caches or a `Referer`.
#[derive(Clone, Default)]
pub(crate) struct Fetch {
    /// What is paid now.
    pub(crate) link: Rc<RefCell<Option<PayLink>>>,
}

/// An answer of `fetch`.
struct Fetched {
    status: u16,
    retry_after_s: Option<u64>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

async fn fetch(
    url: &str,
    bearer: Option<&str>,
    body: Option<&str>,
    bytes_max: u32,
) -> Result<Fetched, HttpError> {
    let answer = send_request(url, bearer, body, bytes_max).await;
    let answer = Array::from(&answer.map_err(|error| HttpError(text_of(&error)))?);
    let header = |pair: JsValue| {
        let pair = Array::from(&pair);
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    };
    Ok(Fetched {
        status: answer.get(0).as_f64().unwrap_or_default() as u16,
        retry_after_s: answer.get(1).as_f64().map(|seconds| seconds as u64),
        headers: Array::from(&answer.get(2))
            .iter()
            .filter_map(header)
            .collect(),
        body: Uint8Array::new(&answer.get(3)).to_vec(),
    })
}

impl Http for Fetch {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let bearer = request.bearer.as_ref().map(|token| token.expose());
        let body = request.body.as_ref().map(|body| body.expose());
        let fetched = fetch(&request.url, bearer, body, MINT_BYTES_MAX).await?;
        Ok(Response {
            status: fetched.status,
            retry_after_s: fetched.retry_after_s,
            body: fetched.body,
        })
    }
}

/// An answer of a site, or what stands for one.
pub(crate) struct SitePage {
    head: Head,
    body: Option<Vec<u8>>,
}

impl Page for SitePage {
    fn head(&self) -> &Head {
        &self.head
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        Ok(self.body.take())
    }
}

impl Web for Fetch {
    type Page = SitePage;

    async fn open(&self, request: &PageRequest) -> Result<SitePage, HttpError> {
        let next = step(self.link.borrow().as_ref(), request)?;
        let (head, body) = match next {
            Step::Answer(head) => (head, Vec::new()),
            Step::Post(url, body) => {
                let fetched = fetch(&url, None, Some(body.expose()), SITE_BYTES_MAX).await?;
                answer(fetched.status, fetched.headers, fetched.body)
            }
        };
        Ok(SitePage {
            head,
            body: Some(body),
        })
    }
}

/// Waits as long as it is asked to, and tells a function of JavaScript how far a search has come.
pub(crate) struct Patient<'a>(pub(crate) Option<&'a Function>);

impl Observer for Patient<'_> {
    fn progress(&mut self, progress: &Progress) {
        if let Some(told) = self.0 {
            let json = serde_json::json!({
                "mint": progress.mint, "places": progress.places, "tokens": progress.tokens,
            });
            // What the page does with it is no reason to break a search off.
            let _ = told.call1(&JsValue::NULL, &json.to_string().into());
        }
    }

    async fn wait(&mut self, pause: &Pause) -> bool {
        wait_seconds(pause.seconds as f64).await;
        true
    }
}
