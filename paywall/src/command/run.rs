//! `run`: the paywall itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use farthing_service::log;
use farthing_service::program::{self, Output};
use farthing_service::server::{Limits, Listener, connections_within_files};
use http::request::Parts;
use http::{HeaderName, Uri};
use serde::Serialize;
use tower::Layer as _;

use super::config::Config;
use super::metrics::{Metrics, Operator, count};
use super::{Common, block_on, prices, write};
use crate::proxy::{
    Filter, Forwarding, HEADERS_MAX, Pace, Timeouts, Upstream, filter, may_be_trusted, paced,
};
use crate::rules::Rules;
use farthing_publisher::{AllowedOrigins, Error, Paywall};

/// Files that are not connections, at most.
const OTHER_FILES_MAX: u32 = 128;
/// Bytes of one request's head: four times a header of the paywall at its longest.
const HEAD_BYTES_MAX: usize = 128 * 1024;
/// Connections to the operator's address at the same time.
const OPERATOR_CONNECTIONS_MAX: u32 = 64;

#[derive(Serialize)]
struct Listening {
    listening: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

pub(super) fn execute(common: &Common, output: Output) -> Result<(), Error> {
    let mut config = common.load()?;
    log::start(config.log_level, config.log_format).map_err(Error::file("the log".as_ref()))?;
    // Each connection takes a file here, and one to the server behind.
    config.connections_max = connections_within_files(config.connections_max, 2, OTHER_FILES_MAX);
    block_on(serve(config, output))
}

async fn serve(config: Config, output: Output) -> Result<(), Error> {
    let stopped = program::stop_signals().map_err(Error::file("SIGTERM".as_ref()))?;
    config.check_rules()?;
    let upstream = upstream(&config)?;
    let forwarding = forwarding(&config)?;
    let origins = AllowedOrigins::parse(&config.allowed_origins)?;
    let limits = limits(&config);
    let listener = bind(config.listen, limits)?;
    let operator = Limits {
        connections_max: OPERATOR_CONNECTIONS_MAX,
        stop: Duration::ZERO,
        ..limits
    };
    let operator = match config.metrics_listen {
        Some(address) => Some(bind(address, operator)?),
        None => None,
    };
    let (paywall, rules) = open(&config).await?;
    announce(&config, &listener, operator.as_ref(), output)?;

    let metrics = Metrics::default();
    let filtered = from_fn_with_state(
        Filter {
            rules,
            forwarding: Arc::new(forwarding),
            origins,
        },
        filter,
    );
    let counted = from_fn_with_state(metrics.clone(), count);
    let service = counted.layer(filtered.layer(paywall.layer(upstream)));
    let operator = operator.map(|operator| {
        tokio::spawn(operator.serve(Operator(metrics), std::future::pending::<()>()))
    });
    let stop = async move {
        stopped.await;
        tracing::info!("stopping: finishing what was begun");
    };
    listener.serve(paced(service, pace(&config)), stop).await;
    if let Some(operator) = operator {
        operator.abort();
    }
    tracing::info!("stopped");
    Ok(())
}

/// The paywall and its prices, which are read in the mint's unit.
async fn open(config: &Config) -> Result<(Paywall, Arc<Rules>), Error> {
    let last = prices::last_read(&config.data)?;
    let mut rules = None;
    let paywall = Paywall::open_with(config.settings()?, |unit| {
        prices::unchanged(config, last, unit)?;
        let read = Arc::new(config.rules(unit)?);
        if !read.charges() {
            tracing::warn!("no price is set: everything is free");
        }
        prices::keep(&config.data, unit)?;
        let shown = config.shown_prices(unit).join(", ");
        tracing::info!(
            unit = unit.name(),
            prices = shown,
            "prices are in the mint's unit"
        );
        rules = Some(Arc::clone(&read));
        Ok(move |parts: &Parts| read.price(parts))
    });
    let paywall = paywall.await?;
    let rules = rules.ok_or_else(|| Error::Settings("the prices were not read".to_owned()))?;
    Ok((paywall, rules))
}

fn upstream(config: &Config) -> Result<Upstream, Error> {
    let wrong = |why: String| Error::Settings(format!("upstream: {why}"));
    let url = config.upstream.as_deref().unwrap_or_default();
    let url: Uri = url.parse().map_err(|_| wrong("is not a URL".to_owned()))?;
    let timeouts = Timeouts {
        connect: Duration::from_millis(config.connect_timeout_ms),
        answer: Duration::from_millis(config.answer_timeout_ms),
        stall: Duration::from_millis(config.stall_timeout_ms),
    };
    Upstream::new(&url, config.keep_host, timeouts).map_err(wrong)
}

fn limits(config: &Config) -> Limits {
    Limits {
        connections_max: config.connections_max,
        head: Duration::from_millis(config.read_timeout_ms),
        // A client who takes none of an answer's bytes would otherwise hold the connection for ever.
        write: Duration::from_millis(config.stall_timeout_ms),
        stop: Duration::from_millis(config.stop_timeout_ms),
        head_bytes_max: HEAD_BYTES_MAX,
        headers_max: Some(HEADERS_MAX),
    }
}

fn pace(config: &Config) -> Pace {
    Pace {
        grace: Duration::from_millis(config.read_timeout_ms),
        rate: config.upload_rate_min,
        stall: Duration::from_millis(config.stall_timeout_ms),
    }
}

fn forwarding(config: &Config) -> Result<Forwarding, Error> {
    let public = config.public_url.as_deref().unwrap_or_default();
    let header = |name: &String| {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        let parsed = parsed.filter(|name| may_be_trusted(name.as_str()));
        parsed.ok_or_else(|| {
            Error::Settings(format!(
                "trusted_headers: {name:?} is never passed on: names have letters, digits and hyphens, and \
                 none takes another path or method for the request's own"
            ))
        })
    };
    Ok(Forwarding {
        trusted_proxies: config.trusted_proxies.clone(),
        forward_client_address: config.forward_client_address,
        trusted_headers: config
            .trusted_headers
            .iter()
            .map(header)
            .collect::<Result<_, _>>()?,
        is_https: public.starts_with("https:"),
    })
}

fn bind(address: SocketAddr, limits: Limits) -> Result<Listener, Error> {
    Listener::bind(address, limits).map_err(|error| Error::Settings(error.to_string()))
}

fn announce(
    config: &Config,
    listener: &Listener,
    operator: Option<&Listener>,
    output: Output,
) -> Result<(), Error> {
    let url = |listener: &Listener| match listener.address() {
        Ok(address) => Ok(format!("http://{address}")),
        Err(error) => Err(Error::Settings(format!(
            "the address is not known: {error}"
        ))),
    };
    let told = Listening {
        listening: url(listener)?,
        metrics: operator.map(url).transpose()?,
    };
    let upstream = config.upstream.as_deref().unwrap_or_default();
    let (name, listening) = (&config.name, &told.listening);
    let text = format!("{name}: a paywall listens on {listening}, in front of {upstream}");
    if let Err(error) = write(output, &told, &text) {
        tracing::warn!(%error, "the address could not be announced");
    }
    tracing::info!(
        listening,
        version = env!("CARGO_PKG_VERSION"),
        "the paywall is up"
    );
    Ok(())
}
