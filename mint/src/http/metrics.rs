//! Figures for the operator, in Prometheus' text format. They are of the whole mint or of a keyset,
//! never of a caller, an account or a token.

use farthing_service::log;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use crate::domain::{Directory, KeysetState};

/// How many requests were answered, by path and status.
#[derive(Debug, Default)]
pub(super) struct Metrics(Family<Answered, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Keyset {
    keyset: String,
}

impl Metrics {
    /// Counts an answer. `path` is that of the router, not of the request.
    pub(super) fn count(&self, path: &str, status: u16) {
        let path = path.to_owned();
        self.0.get_or_create(&Answered { path, status }).inc();
    }

    /// Writes everything counted, whether the spent log lacks something that the store has, and which keysets are
    /// frozen or in quarantine, if they are known.
    pub(super) fn render(&self, is_log_behind: bool, directory: Option<&Directory>) -> String {
        let mut registry = Registry::with_prefix("farthing_mint");
        registry.register("requests", "Requests answered", self.0.clone());
        registry.register(
            "spent_log_behind",
            "Whether the spent log cannot be written: then nothing that moves value is answered",
            ConstGauge::new(i64::from(is_log_behind)),
        );
        registry.register(
            log::LINES_LOST,
            log::LINES_LOST_HELP,
            ConstCounter::new(log::lines_lost()),
        );
        for (name, help, state) in [
            (
                "keyset_frozen",
                "Whether a keyset is frozen: one of its keys has leaked",
                KeysetState::Frozen,
            ),
            (
                "keyset_quarantined",
                "Whether a keyset is in quarantine after a restore",
                KeysetState::Quarantined,
            ),
        ] {
            let states = Family::<Keyset, Gauge>::default();
            for row in directory.into_iter().flat_map(Directory::iter) {
                let keyset = row.id.to_string();
                let gauge = states.get_or_create(&Keyset { keyset });
                gauge.set(i64::from(row.state == state));
            }
            registry.register(name, help, states);
        }
        let mut text = String::new();
        encode(&mut text, &registry).expect("a string takes every text");
        text
    }
}
