//! Prices by method and path.

mod readings;

use std::cmp::Reverse;

use farthing_protocol::{AmountText, Unit};
use http::Method;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use farthing_publisher::settings::is_text;
use farthing_publisher::{IgnoredQuery, Price};
pub use readings::Unclear;
use readings::readings;

/// One rule as it is written down, its amount in the smallest part of the mint's unit, or as people
/// write it ([`AmountText`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule<A = u64> {
    /// A path, or a path that ends in `/*` for all that is below it and for itself.
    pub path: String,
    /// The price; 0 is free.
    pub amount: A,
    /// The method that it is for. Without one the rule is for every method that no other rule for the
    /// same path names.
    pub method: Option<String>,
    /// A name of the resource, for people.
    pub description: Option<String>,
    /// Parameters of the query that make no difference to what is bought: `fbclid`, or `utm_*`.
    pub ignore_query: Option<Vec<String>>,
}

impl Rule<AmountText> {
    /// The rule with its amount in the smallest part of `unit`.
    ///
    /// # Errors
    /// [`InvalidRule`] when it is not an amount of the unit.
    pub fn in_unit(&self, unit: &Unit) -> Result<Rule, InvalidRule> {
        let amount = self.amount.read(unit).map_err(|error| InvalidRule {
            rule: self.path.clone(),
            why: format!("{} is not an amount here: {error}", self.amount),
        })?;
        Ok(self.costing(amount))
    }

    /// The rule with another amount.
    pub(crate) fn costing(&self, amount: u64) -> Rule {
        Rule {
            path: self.path.clone(),
            amount,
            method: self.method.clone(),
            description: self.description.clone(),
            ignore_query: self.ignore_query.clone(),
        }
    }
}

/// A rule that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("price rule {rule:?}: {why}")]
pub struct InvalidRule {
    rule: String,
    why: String,
}

/// Price rules. The most specific one wins: a path before a prefix, the longer prefix before the
/// shorter, and for the same path a rule with a method before one without. Whatever no rule is for
/// costs the default.
///
/// `HEAD` costs what `GET` costs. Many servers answer any method as if it were the one that they
/// know. So a path that has rules with methods alone costs at least the most of them by every other
/// method; `GET` alone is left to the next rule, so that a form can be free and its `POST` not. A rule
/// for the same path without a method says otherwise. A slash at the end of a path makes no difference.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The most specific first.
    patterns: Vec<Pattern>,
    default: u64,
    ignore_case: bool,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// Without a slash at its end.
    path: String,
    is_prefix: bool,
    method: Option<String>,
    price: Price,
}

impl Rules {
    /// Makes rules; what none of them is for costs `default`. With `ignore_case`, `/A` is `/a`, as it
    /// is for servers on some systems.
    ///
    /// # Errors
    /// [`InvalidRule`] for a rule that is not understood, or that says the same as another.
    pub fn new(rules: &[Rule], default: u64, ignore_case: bool) -> Result<Self, InvalidRule> {
        let mut patterns: Vec<Pattern> = Vec::with_capacity(rules.len());
        for rule in rules {
            let invalid = |why: &str| InvalidRule {
                rule: rule.path.clone(),
                why: why.to_owned(),
            };
            let pattern = Pattern::new(rule, ignore_case).map_err(|why| invalid(&why))?;
            if patterns.iter().any(|other| other.is_for_the_same(&pattern)) {
                return Err(invalid(
                    "another rule is for the same path and method: keep one of them",
                ));
            }
            patterns.push(pattern);
        }
        patterns.sort_by_key(|pattern| {
            let length = Reverse(pattern.path.len());
            (pattern.is_prefix, length, pattern.method.is_none())
        });
        Ok(Self {
            patterns,
            default,
            ignore_case,
        })
    }

    /// Returns what a request costs; nothing, when it is free. Where its path is unclear, it is the most that it
    /// may cost. The paywall itself lets CORS preflights pass free.
    #[must_use]
    pub fn price(&self, parts: &Parts) -> Option<Price> {
        self.price_of(&parts.method, parts.uri.path())
    }

    /// [`Self::price`], of a method and a path.
    #[must_use]
    pub fn price_of(&self, method: &Method, path: &str) -> Option<Price> {
        let dearest = match self.read(path) {
            Ok(readings) => {
                let prices = readings.iter().map(|path| self.of_reading(method, path));
                // The first reading is the usual one: of equal prices it tells what is bought.
                prices.rev().max_by_key(|price| price.amount)
            }
            Err(_) => {
                let prices = self.patterns.iter().map(|pattern| pattern.price.clone());
                prices
                    .chain([self.default_price()])
                    .max_by_key(|price| price.amount)
            }
        };
        dearest.filter(|price| price.amount > 0)
    }

    /// Checks whether a path means the same, and costs the same, to all servers.
    ///
    /// # Errors
    /// [`Unclear`], why not.
    pub fn check(&self, method: &Method, path: &str) -> Result<(), Unclear> {
        if method == Method::OPTIONS && path == "*" {
            return Ok(());
        }
        let readings = self.read(path)?;
        let mut amounts = readings
            .iter()
            .map(|path| self.of_reading(method, path).amount);
        let first = amounts.next();
        if amounts.any(|amount| Some(amount) != first) {
            return Err(Unclear::Ambiguous);
        }
        Ok(())
    }

    /// Returns whether anything costs anything.
    pub(crate) fn charges(&self) -> bool {
        let mut priced = self.patterns.iter().map(|pattern| pattern.price.amount);
        self.default > 0 || priced.any(|amount| amount > 0)
    }

    /// A folder in which everything costs something, without a slash at its end; the longest path of such.
    pub(crate) fn priced_folder(&self) -> Option<&str> {
        let mut priced = self.patterns.iter().filter(|pattern| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
            pattern.is_prefix && pattern.price.amount > 0 && pattern.path.bytes().all(is_plain)
        });
        priced.next().map(|pattern| pattern.path.as_str())
    }

    fn read(&self, path: &str) -> Result<Vec<String>, Unclear> {
        let mut readings = readings(path)?;
        if self.ignore_case {
            for reading in &mut readings {
                *reading = reading.to_lowercase();
            }
        }
        Ok(readings)
    }

    fn of_reading(&self, method: &Method, path: &str) -> Price {
        // Some servers take `get` for GET.
        let method = match method.as_str().to_ascii_uppercase() {
            head if head == "HEAD" => "GET".to_owned(),
            method => method,
        };
        let matching = self.patterns.iter().filter(|p| p.is_for_path(path));
        let matching: Vec<&Pattern> = matching.collect();
        let mut rest = matching.as_slice();
        let mut least: Option<&Price> = None;
        let at_least = |price: Price, least: Option<&Price>| match least {
            Some(least) if least.amount > price.amount => least.clone(),
            _ => price,
        };
        while let Some(first) = rest.first() {
            let end = rest.partition_point(|p| p.is_at_the_same_path(first));
            let (group, after) = rest.split_at(end);
            let is_for = |ours: &&&Pattern| match &ours.method {
                Some(ours) => *ours == method,
                None => true,
            };
            if let Some(pattern) = group.iter().find(is_for) {
                return at_least(pattern.price.clone(), least);
            }
            if method != "GET" {
                let prices = group.iter().map(|pattern| &pattern.price);
                least = prices.chain(least).max_by_key(|price| price.amount);
            }
            rest = after;
        }
        at_least(self.default_price(), least)
    }

    fn default_price(&self) -> Price {
        Price {
            amount: self.default,
            ..Price::default()
        }
    }
}

impl Pattern {
    fn new(rule: &Rule, ignore_case: bool) -> Result<Self, String> {
        check(rule)?;
        let prefix = rule.path.strip_suffix("/*");
        let path = prefix.unwrap_or(&rule.path);
        let mut path = if path.is_empty() && prefix.is_some() {
            String::new()
        } else {
            match readings(path).map_err(|why| why.to_string())?.as_slice() {
                [path] => path.clone(),
                _ => {
                    return Err(
                        "servers read it as more than one path: write it without // . .. ; \\ and %2F"
                            .to_owned(),
                    );
                }
            }
        };
        if ignore_case {
            path = path.to_lowercase();
        }
        let ignored = rule.ignore_query.as_deref().unwrap_or_default();
        Ok(Self {
            path,
            is_prefix: prefix.is_some(),
            method: rule.method.as_deref().map(str::to_ascii_uppercase),
            price: Price {
                amount: rule.amount,
                description: rule.description.clone(),
                ignore_query: IgnoredQuery::parse(ignored)?,
            },
        })
    }

    fn is_for_the_same(&self, other: &Self) -> bool {
        self.is_at_the_same_path(other) && self.method == other.method
    }

    fn is_at_the_same_path(&self, other: &Self) -> bool {
        (&self.path, self.is_prefix) == (&other.path, other.is_prefix)
    }

    fn is_for_path(&self, path: &str) -> bool {
        match path.strip_prefix(self.path.as_str()) {
            Some("") => true,
            Some(below) => self.is_prefix && below.starts_with('/'),
            None => false,
        }
    }
}

/// Methods that a rule can be for: those of RFC 9110 and RFC 5789, of WebDAV and CalDAV, and QUERY.
const METHODS: [&str; 19] = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "SEARCH",
    "REPORT",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "MKCALENDAR",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "ACL",
];
/// The largest amount that programs in all languages read alike out of JSON.
const AMOUNT_MAX: u64 = (1 << 53) - 1;
/// Bytes of a description: it stands in the header that asks for payment.
const DESCRIPTION_BYTES_MAX: usize = 1024;

/// Returns what is wrong with a rule by itself, and what to write.
fn check(rule: &Rule) -> Result<(), String> {
    let path = rule.path.as_str();
    if let Some((_, rest)) = path.split_once("://") {
        let path = rest.find('/').and_then(|slash| rest.get(slash..));
        let path = path.unwrap_or("/*");
        return Err(format!("it is a URL: write the path alone, {path:?}"));
    }
    if !path.starts_with('/') {
        return Err(format!("it does not begin with a slash: write \"/{path}\""));
    }
    if let Some((path, _)) = path.split_once(['?', '#']) {
        return Err(format!(
            "a rule is for a path, whatever the query: write {path:?}"
        ));
    }
    if let Some((path, _)) = path.strip_suffix("/*").unwrap_or(path).split_once('*') {
        let path = path.trim_end_matches('/');
        return Err(format!(
            "a * can only be its last segment, and is for all that is below it: write \"{path}/*\""
        ));
    }
    if rule.amount > AMOUNT_MAX {
        return Err(format!("its amount is more than {AMOUNT_MAX}"));
    }
    if let Some(description) = &rule.description {
        is_text("description", description, DESCRIPTION_BYTES_MAX)?;
    }
    match rule.method.as_deref().map(str::to_ascii_uppercase) {
        None => Ok(()),
        Some(method) if METHODS.contains(&method.as_str()) => Ok(()),
        Some(method) => Err(match method.as_str() {
            "HEAD" => "HEAD costs what GET costs: write GET".to_owned(),
            method => format!(
                "{method:?} is not a known method, and its requests would be charged nothing: write GET, \
                 POST, PUT, PATCH or DELETE, or leave method out for all of them"
            ),
        }),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
