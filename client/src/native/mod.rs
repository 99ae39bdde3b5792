//! What a client on a computer stands on: HTTP by reqwest, and a SOCKS proxy.

mod http;
mod proxy;

pub use http::{PooledHttp, ReqwestHttp, authorization, reason, secret_value};
pub use proxy::{ProxyFault, SocksProxy};
