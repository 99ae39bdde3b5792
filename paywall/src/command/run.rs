//! `run`: the paywall itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farthing_service::log;
use http::request::Parts;
use http::{HeaderName, Uri};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tower::Layer as _;

use super::config::{Config, LogFormat, LogLevel};
use super::metrics::{Counted, Metrics, Operator};
use super::{Common, Output, block_on, prices};
use crate::proxy::{Door, Forwarding, Limits, Listener, Pace, Timeouts, Upstream, may_be_trusted};
use crate::rules::Rules;
use farthing_publisher::{AllowedOrigins, Error, Paywall};

/// Files that are not connections, at the most.
const OTHER_FILES_MAX: u32 = 128;
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
    start_log(&config)?;
    config.connections_max = connections_within_files(config.connections_max);
    block_on(serve(config, output))
}

async fn serve(config: Config, output: Output) -> Result<(), Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::file("SIGTERM".as_ref()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::file("SIGINT".as_ref()))?;
    config.check_rules()?;
    let upstream = upstream(&config)?;
    let forwarding = forwarding(&config)?;
    let origins = AllowedOrigins::parse(&config.allowed_origins)?;
    let limits = limits(&config);
    let listener = bind(config.listen, limits).await?;
    let operator = Limits {
        connections_max: OPERATOR_CONNECTIONS_MAX,
        stop: Duration::ZERO,
        ..limits
    };
    let operator = match config.metrics_listen {
        Some(address) => Some(bind(address, operator).await?),
        None => None,
    };
    let (paywall, rules) = open(&config).await?;
    announce(&config, &listener, operator.as_ref(), output)?;

    let metrics = Metrics::default();
    let service = Door::new(paywall.layer(upstream), rules, forwarding, origins);
    let service = Counted::new(service, metrics.clone());
    let operator = operator.map(|operator| {
        tokio::spawn(operator.serve(Operator(metrics), std::future::pending::<()>()))
    });
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing what was begun");
    };
    listener.serve(service, stop).await;
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
    let url: Uri = url.parse().map_err(|_| wrong("is no URL".to_owned()))?;
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
        read: Duration::from_millis(config.read_timeout_ms),
        body: Pace {
            grace: Duration::from_millis(config.read_timeout_ms),
            rate: config.upload_rate_min,
            stall: Duration::from_millis(config.stall_timeout_ms),
        },
        stop: Duration::from_millis(config.stop_timeout_ms),
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

async fn bind(address: SocketAddr, limits: Limits) -> Result<Listener, Error> {
    let bound = Listener::bind(address, limits).await;
    bound.map_err(|e| Error::Settings(format!("cannot listen on {address}: {e}")))
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
    if let Err(error) = output.write(&told, &text) {
        tracing::warn!(%error, "the address could not be announced");
    }
    tracing::info!(
        listening,
        version = env!("CARGO_PKG_VERSION"),
        "the paywall is up"
    );
    Ok(())
}

/// Asks the system for the files that `wanted` connections take, each with one to the server behind;
/// gives how many connections there can be with the files that it gives.
fn connections_within_files(wanted: u32) -> u32 {
    let files = u64::from(wanted) * 2 + u64::from(OTHER_FILES_MAX);
    let Ok(given) = rlimit::increase_nofile_limit(files) else {
        return wanted;
    };
    let possible = given.saturating_sub(OTHER_FILES_MAX.into()).max(given / 2) / 2;
    let possible = u32::try_from(possible).unwrap_or(u32::MAX).max(1);
    if possible < wanted {
        tracing::warn!(
            connections_max = wanted,
            possible,
            "the system allows too few open files for that many connections; raise its limit"
        );
    }
    possible.min(wanted)
}

/// Starts the log on standard error.
fn start_log(config: &Config) -> Result<(), Error> {
    let level = match config.log_level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let json = config.log_format == LogFormat::Json;
    log::start(level, json).map_err(Error::file("the log".as_ref()))
}
