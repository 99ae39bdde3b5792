//! What commands answer: text for people, lines for programs, or one JSON object. One file for each
//! kind of thing that is reported.

mod account;
mod doctor;
mod money;
mod recovery;
mod sent;
mod setup;
mod sites;
mod time;
mod transfer;
mod units;
mod upkeep;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::screen::Screen;
use crate::table::Table;

pub(crate) use account::account;
pub(crate) use doctor::findings;
pub(crate) use money::{balances, finished, history};
pub(crate) use recovery::{all_recovered, expires, recovered, restored};
pub(crate) use sent::{all_sent, sent};
pub(crate) use setup::{key, made, mint_added, mints, passphrase, phrase, proxy, salvaged};
pub(crate) use sites::{Fetched, budget, budgets, cancelled, fetched, spent};
pub(crate) use transfer::{exported, imported};
pub(crate) use units::Units;
pub(crate) use upkeep::{settled, tended, tended_text};

/// A command's answer.
pub(crate) struct Report {
    /// For standard output with `--json`.
    pub(crate) json: Value,
    /// For standard output without it.
    body: Body,
    /// For standard error without `--json`: what to do next.
    pub(crate) hint: Option<String>,
    /// What to do when the answer cannot be written, since the command is carried out by then.
    pub(crate) if_unwritten: String,
    /// What to draw as a QR code below the text.
    pub(crate) picture: Option<Picture>,
    /// 0, unless something failed that is reported all the same.
    pub(crate) exit_code: u8,
}

enum Body {
    /// It may be money, so it is wiped.
    Text(Zeroizing<String>),
    /// The same in another form for people. It may be money too.
    Styled {
        plain: Zeroizing<String>,
        styled: Zeroizing<String>,
    },
    Table(Table),
}

/// A text to draw.
pub(crate) struct Picture {
    /// It may be money, so it is wiped.
    pub(crate) text: Zeroizing<String>,
    /// Whether it is drawn into pipes and files too.
    pub(crate) asked_for: bool,
    /// Whether it goes from the screen again: whoever has a photograph of a token has the money.
    pub(crate) secret: bool,
}

impl Report {
    fn of(json: Value, body: Body) -> Self {
        Self {
            json,
            body,
            hint: None,
            if_unwritten: "farthing history shows what was done.".to_owned(),
            picture: None,
            exit_code: 0,
        }
    }

    pub(crate) fn text(json: Value, text: impl Into<String>) -> Self {
        Self::of(json, Body::Text(Zeroizing::new(text.into())))
    }

    fn styled(json: Value, plain: impl Into<String>, styled: impl Into<String>) -> Self {
        let (plain, styled) = (Zeroizing::new(plain.into()), Zeroizing::new(styled.into()));
        Self::of(json, Body::Styled { plain, styled })
    }

    /// A list; `when_empty` is what to do about it when there is nothing in it.
    fn table(json: Value, table: Table, when_empty: &str) -> Self {
        let empty = table.is_empty();
        let report = Self::of(json, Body::Table(table));
        match empty {
            true => report.hint(when_empty.to_owned()),
            false => report,
        }
    }

    fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Adds a line to the hint.
    pub(crate) fn also(mut self, line: String) -> Self {
        self.hint = Some(match self.hint {
            Some(hint) => format!("{hint}\n{line}"),
            None => line,
        });
        self
    }

    /// Says what to do when the answer cannot be written.
    fn kept(mut self, advice: impl Into<String>) -> Self {
        self.if_unwritten = advice.into();
        self
    }

    fn picture(mut self, picture: Picture) -> Self {
        self.picture = Some(picture);
        self
    }

    /// Returns what goes to standard output without `--json`; nothing when it is empty.
    pub(crate) fn shown(&self, screen: Screen) -> Zeroizing<String> {
        match (&self.body, screen) {
            (Body::Text(text), _) => text.clone(),
            (Body::Styled { plain, .. }, Screen::Plain) => plain.clone(),
            (Body::Styled { styled, .. }, Screen::Terminal { .. }) => styled.clone(),
            (Body::Table(table), _) => table.render(screen).into(),
        }
    }
}
