//! The first service behind the socket: no request reaches the paywall that it could not price, or that
//! says of its client what only a proxy may say.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::middleware::Next;
use farthing_protocol::ErrorCode;
use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Request, Response, Uri};
use ipnet::IpNet;

use super::headers;
use crate::rules::Rules;
use farthing_publisher::{AllowedOrigins, Origin, refusal};

/// What the server behind learns about the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forwarding {
    /// Proxies in front, whose word is taken for who the client is and what it asked for.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether the client's address is told at all.
    pub(crate) forward_client_address: bool,
    /// Further headers that these proxies write, and that are passed on from them.
    pub(crate) trusted_headers: Vec<HeaderName>,
    /// Whether readers come by TLS, when no trusted proxy says so.
    pub(crate) is_https: bool,
}

/// The headers that every trusted proxy has to write itself.
const WRITTEN_BY_PROXIES: [HeaderName; 3] = [
    headers::FORWARDED_FOR,
    headers::FORWARDED_HOST,
    headers::FORWARDED_PROTO,
];

/// What a request is checked and cleaned by.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) rules: Arc<Rules>,
    pub(crate) forwarding: Arc<Forwarding>,
    pub(crate) origins: AllowedOrigins,
}

impl Filter {
    fn check(&self, request: &Request<Body>) -> Result<(), (ErrorCode, String)> {
        if request.method() == Method::CONNECT {
            let detail = "CONNECT is not supported".to_owned();
            return Err((ErrorCode::MethodNotAllowed, detail));
        }
        if let Some(fault) = headers::host_fault(request.headers(), request.version()) {
            return Err((ErrorCode::Malformed, fault.to_owned()));
        }
        if headers::has_unknown_coding(request.headers()) {
            let detail = "a body's only transfer coding is chunked".to_owned();
            return Err((ErrorCode::Malformed, detail));
        }
        let path = request.uri().path();
        let checked = self.rules.check(request.method(), path);
        checked.map_err(|unclear| (ErrorCode::Malformed, unclear.to_string()))
    }
}

/// Refuses a request, or cleans it and passes it on.
pub(crate) async fn filter(
    State(filter): State<Filter>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    if let Err((code, detail)) = filter.check(&request) {
        let mut answer = refusal(code, detail);
        // A client that sends such requests may mean more to follow than a proxy in front has seen.
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
        let origin = request.headers().get(ORIGIN);
        filter.origins.share(origin, &mut answer);
        return answer;
    }
    to_origin_form(&mut request);
    headers::clean_request(request.headers_mut());
    filter.forwarding.write(&mut request);
    if let Some(origin) = origin(request.headers()) {
        request.extensions_mut().insert(origin);
    }
    next.run(request).await
}

/// `GET http://host/path` as `GET /path` with `Host: host` (RFC 9112, section 3.2.2).
fn to_origin_form(request: &mut Request<Body>) {
    let Some(authority) = request.uri().authority() else {
        return;
    };
    let host = HeaderValue::from_str(authority.as_str().rsplit('@').next().unwrap_or_default());
    let path = request.uri().path_and_query().cloned();
    let uri = path.map_or_else(Uri::default, Uri::from);
    *request.uri_mut() = uri;
    if let Ok(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

/// Returns the origin that the reader asked the first proxy for, by what [`Forwarding`] has left or written there.
fn origin(fields: &HeaderMap) -> Option<Origin> {
    let first = |name| {
        let line = fields.get(name)?.to_str().ok()?;
        line.split(',').next().map(str::trim)
    };
    let (scheme, host) = (
        first(&headers::FORWARDED_PROTO)?,
        first(&headers::FORWARDED_HOST)?,
    );
    Some(Origin(format!("{scheme}://{host}")))
}

impl Forwarding {
    fn write(&self, request: &mut Request<Body>) {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
        let is_trusted = peer.is_some_and(|peer| self.trusts(peer));
        let fields = request.headers_mut();
        // A proxy in front writes some of these headers, and hands on the others as the client wrote them.
        headers::remove_forwarded(fields, |name| {
            is_trusted
                && (WRITTEN_BY_PROXIES.iter().any(|written| written == name)
                    || self.trusted_headers.iter().any(|named| named == name))
        });
        if !self.forward_client_address {
            headers::remove_addresses(fields);
        }
        if let (true, Some(peer)) = (self.forward_client_address, peer) {
            let before = fields.get_all(headers::FORWARDED_FOR).into_iter();
            let before = before.filter_map(|line| line.to_str().ok().map(str::to_owned));
            let chain: Vec<String> = before.chain([peer.to_string()]).collect();
            if let Ok(chain) = HeaderValue::from_str(&chain.join(", ")) {
                fields.insert(headers::FORWARDED_FOR, chain);
            }
        }
        if !fields.contains_key(headers::FORWARDED_PROTO) {
            let scheme = if self.is_https { "https" } else { "http" };
            fields.insert(headers::FORWARDED_PROTO, HeaderValue::from_static(scheme));
        }
        if let (false, Some(host)) = (
            fields.contains_key(headers::FORWARDED_HOST),
            headers::host(fields).cloned(),
        ) {
            fields.insert(headers::FORWARDED_HOST, host);
        }
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(forwarding: &Forwarding, peer: &str, lines: &[(&str, &str)]) -> Vec<String> {
        let mut request = Request::builder().header("host", "site.example");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        forwarding.write(&mut request);
        let lines = request.headers().iter().filter(|(name, _)| *name != HOST);
        let mut lines: Vec<String> = lines
            .map(|(n, v)| format!("{}: {}", n, v.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    const LIES: [(&str, &str); 10] = [
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "lies.example"),
        ("x-forwarded-prefix", "/articles"),
        ("x-forwarded-port", "8443"),
        ("x-remote-user", "ann"),
        ("client-ip", "1.1.1.1"),
        ("x-real-ip", "1.1.1.1"),
        ("forwarded", "for=1.1.1.1;proto=https"),
        ("cf-connecting-ip", "1.1.1.1"),
    ];

    #[test]
    fn nobody_is_believed_and_no_address_told_by_default() {
        assert_eq!(
            forwarded(&Forwarding::default(), "10.0.0.7:1", &LIES),
            ["x-forwarded-host: site.example", "x-forwarded-proto: http"]
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        let forwarding = Forwarding {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Forwarding::default()
        };
        let told = ["x-forwarded-host: lies.example", "x-forwarded-proto: https"];
        assert_eq!(forwarded(&forwarding, "10.0.0.7:1", &LIES), told);
        assert_eq!(forwarded(&forwarding, "[::ffff:10.0.0.7]:1", &LIES), told);
        assert_eq!(
            forwarded(&forwarding, "11.0.0.7:1", &LIES),
            ["x-forwarded-host: site.example", "x-forwarded-proto: http"]
        );
    }

    #[test]
    fn further_headers_of_a_trusted_proxy_are_those_that_the_settings_name() {
        let named = ["x-forwarded-prefix", "x-remote-user", "x-real-ip"];
        let mut forwarding = Forwarding {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            trusted_headers: named.map(HeaderName::from_static).to_vec(),
            ..Forwarding::default()
        };
        let told = [
            "x-forwarded-host: lies.example",
            "x-forwarded-prefix: /articles",
            "x-forwarded-proto: https",
            "x-remote-user: ann",
        ];
        assert_eq!(forwarded(&forwarding, "10.0.0.7:1", &LIES), told);
        assert_eq!(
            forwarded(&forwarding, "11.0.0.7:1", &LIES),
            ["x-forwarded-host: site.example", "x-forwarded-proto: http"]
        );
        // An address all the same only where the settings say so.
        forwarding.forward_client_address = true;
        let lines = forwarded(&forwarding, "10.0.0.7:1", &LIES);
        assert!(
            lines.contains(&"x-real-ip: 1.1.1.1".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn readers_are_told_the_address_that_they_asked_the_first_proxy_for() {
        let mut headers = HeaderMap::new();
        assert_eq!(origin(&headers), None);
        for (name, value) in [
            (headers::FORWARDED_PROTO, "https, http"),
            (headers::FORWARDED_HOST, "gazette.example, inside"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let expected = Origin("https://gazette.example".to_owned());
        assert_eq!(origin(&headers), Some(expected));
    }

    #[test]
    fn an_address_is_told_when_the_settings_say_so() {
        let forwarding = Forwarding {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            forward_client_address: true,
            is_https: true,
            ..Forwarding::default()
        };
        assert_eq!(
            forwarded(&forwarding, "10.0.0.7:1", &LIES[..3]),
            [
                "x-forwarded-for: 1.1.1.1, 10.0.0.7",
                "x-forwarded-host: lies.example",
                "x-forwarded-proto: https",
            ]
        );
        assert_eq!(
            forwarded(&forwarding, "[2001:db8::1]:1", &LIES),
            [
                "x-forwarded-for: 2001:db8::1",
                "x-forwarded-host: site.example",
                "x-forwarded-proto: https",
            ]
        );
    }
}
