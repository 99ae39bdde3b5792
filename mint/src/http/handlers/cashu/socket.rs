//! The websocket (NUT-17): what was subscribed to is told as it is, and whenever it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::cashu::ws::{Command, Fault, Filters, Message, Payload, Request};
use farthing_protocol::{EncodedPoint, ErrorCode};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::super::super::quotes::{to_melt_quote, to_mint_quote};
use super::super::super::{App, SharedApp};
use super::super::payments::cashier;
use crate::engine::Event;
use crate::error::{Error, Result};
use crate::keyring::Mark;

/// Connections that are kept open at the same time.
pub(in crate::http) const SOCKETS_MAX: usize = 1024;
/// Bytes of one message.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Subscriptions of one connection.
const SUBSCRIPTIONS_MAX: usize = 64;
/// Bytes of a subscription's name.
const NAME_BYTES_MAX: usize = 256;

/// GET `/cashu/v1/ws`.
pub(in crate::http) async fn open(
    State(app): State<SharedApp>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let place = Arc::clone(&app.sockets).try_acquire_owned();
    let place = place.map_err(|_| Error::Busy("watched by too many"))?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let events = app.engine.watch();
        let watch = Watch {
            app,
            socket,
            subscriptions: BTreeMap::new(),
        };
        // A connection that breaks is the wallet's affair: it comes again and is told the state.
        let _ = watch.run(events).await;
        drop(place);
    }))
}

/// What one subscription is about.
struct Subscription {
    subjects: Vec<Subject>,
}

/// One thing subscribed to, and what was last said of it.
struct Subject {
    what: What,
    said: Option<String>,
}

#[derive(Clone)]
enum What {
    MintQuote(QuoteId),
    MeltQuote(QuoteId),
    Proof(EncodedPoint, Mark),
}

/// The connection is at its end.
struct Closed;

impl From<axum::Error> for Closed {
    fn from(_: axum::Error) -> Self {
        Self
    }
}

/// One wallet's connection.
struct Watch {
    app: SharedApp,
    socket: WebSocket,
    subscriptions: BTreeMap<String, Subscription>,
}

impl Watch {
    async fn run(
        mut self,
        mut events: broadcast::Receiver<Arc<[Event]>>,
    ) -> std::result::Result<(), Closed> {
        loop {
            tokio::select! {
                frame = self.socket.recv() => match frame.ok_or(Closed)?? {
                    Frame::Text(text) => self.answer(&text).await?,
                    Frame::Close(_) => return Ok(()),
                    Frame::Binary(_) => self.refuse(None, Fault::Parse, "text, please").await?,
                    Frame::Ping(_) | Frame::Pong(_) => {}
                },
                events = events.recv() => match events {
                    Ok(events) => self.tell(Some(&events)).await?,
                    // Some were missed: everything is looked at.
                    Err(RecvError::Lagged(_)) => self.tell(None).await?,
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    async fn answer(&mut self, text: &str) -> std::result::Result<(), Closed> {
        let Request { id, command } = match Request::parse(text) {
            Ok(request) => request,
            Err((fault, id)) => return self.refuse(id, fault, "not understood").await,
        };
        match command {
            Command::Subscribe { sub_id, filters } => {
                let is_full = self.subscriptions.len() >= SUBSCRIPTIONS_MAX;
                if is_full || sub_id.len() > NAME_BYTES_MAX {
                    return self.refuse(Some(id), Fault::Params, "too much").await;
                }
                let subjects = self.subjects(filters);
                if subjects.len() > self.app.config.inputs_max {
                    return self
                        .refuse(Some(id), Fault::Params, "too many filters")
                        .await;
                }
                let subscription = Subscription { subjects };
                self.subscriptions.insert(sub_id.clone(), subscription);
                let sub_id = &sub_id;
                self.send(&Message::Done { id: &id, sub_id }).await?;
                self.tell_one(sub_id, None).await
            }
            Command::Unsubscribe { sub_id } => {
                self.subscriptions.remove(&sub_id);
                let sub_id = &sub_id;
                self.send(&Message::Done { id: &id, sub_id }).await
            }
        }
    }

    fn subjects(&self, filters: Filters) -> Vec<Subject> {
        let all: Vec<What> = match filters {
            Filters::MintQuotes(ids) => ids.into_iter().map(What::MintQuote).collect(),
            Filters::MeltQuotes(ids) => ids.into_iter().map(What::MeltQuote).collect(),
            Filters::Proofs(ys) => {
                let proof = |y| What::Proof(y, self.app.engine.spent_mark(&y));
                ys.into_iter().map(proof).collect()
            }
        };
        let subject = |what| Subject { what, said: None };
        all.into_iter().map(subject).collect()
    }

    /// Tells every subscription what these events, or any, changed of its subjects.
    async fn tell(&mut self, events: Option<&[Event]>) -> std::result::Result<(), Closed> {
        let names: BTreeSet<String> = self.subscriptions.keys().cloned().collect();
        for name in names {
            self.tell_one(&name, events).await?;
        }
        Ok(())
    }

    /// Tells one subscription of those subjects that are not as it was last told.
    async fn tell_one(
        &mut self,
        name: &str,
        events: Option<&[Event]>,
    ) -> std::result::Result<(), Closed> {
        let Some(mut subscription) = self.subscriptions.remove(name) else {
            return Ok(());
        };
        for subject in &mut subscription.subjects {
            if events.is_some_and(|events| !events.iter().any(|event| subject.what.is_about(event)))
            {
                continue;
            }
            match notice(&self.app, name, &subject.what, events.is_none()).await {
                Ok(text) if subject.said.as_ref() == Some(&text) => {}
                Ok(text) => {
                    subject.said = Some(text.clone());
                    self.socket.send(Frame::Text(text.into())).await?;
                }
                Err(Error::Request {
                    code: ErrorCode::QuoteUnknown,
                    ..
                }) => {}
                Err(error) => tracing::warn!(%error, "a subscriber could not be told a state"),
            }
        }
        self.subscriptions.insert(name.to_owned(), subscription);
        Ok(())
    }

    async fn refuse(
        &mut self,
        id: Option<farthing_protocol::cashu::ws::Id>,
        fault: Fault,
        message: &str,
    ) -> std::result::Result<(), Closed> {
        let id = id.as_ref();
        let refused = Message::Refused { id, fault, message };
        self.send(&refused).await
    }

    async fn send(&mut self, message: &Message<'_>) -> std::result::Result<(), Closed> {
        let text = serde_json::to_string(message).map_err(|_| Closed)?;
        Ok(self.socket.send(Frame::Text(text.into())).await?)
    }
}

impl What {
    fn is_about(&self, event: &Event) -> bool {
        match (self, event) {
            (Self::MintQuote(id) | Self::MeltQuote(id), Event::Quote(changed)) => id == changed,
            (Self::Proof(_, mark), Event::Token(changed)) => mark == changed,
            (Self::MintQuote(_) | Self::MeltQuote(_), Event::Token(_))
            | (Self::Proof(..), Event::Quote(_)) => false,
        }
    }
}

/// What a subscriber is told of a subject now. When nothing says that it changed, the payment backend is
/// asked too.
async fn notice(app: &App, sub_id: &str, what: &What, ask: bool) -> Result<String> {
    let write = |payload| {
        let message = Message::Notice { sub_id, payload };
        serde_json::to_string(&message).map_err(|_| Error::Invariant("a notice cannot be written"))
    };
    match what {
        What::MintQuote(id) => {
            let cashier = cashier(app)?;
            let quote = match ask {
                true => cashier.mint_quote(id, None).await?,
                false => cashier.read_mint_quote(id, None)?,
            };
            let mut quote = to_mint_quote(app, quote);
            // The same state is told once, whatever the time.
            quote.updated_at = 0;
            write(Payload::MintQuote(&quote))
        }
        What::MeltQuote(id) => {
            let quote = cashier(app)?.melt_quote(id, None)?;
            write(Payload::MeltQuote(&to_melt_quote(app, quote).await?))
        }
        What::Proof(y, _) => {
            let mut states = app.engine.check_state(vec![*y]).await?;
            let state = states
                .pop()
                .ok_or(Error::Invariant("no state for a point"))?;
            write(Payload::Proof(&state))
        }
    }
}
