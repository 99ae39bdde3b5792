//! The websocket (NUT-17): what was subscribed to is told as it is, and whenever it changes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use farthing_protocol::ErrorCode;
use farthing_protocol::cashu::ws::{Command, Fault, Filters, Id, Message, Payload, Request};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior};

use super::subscriptions::{SubjectId, Subscriptions, What};
use crate::engine::Event;
use crate::error::{Error, Result};
use crate::http::native::payments::cashier;
use crate::http::quotes::{to_melt_quote, to_mint_quote};
use crate::http::{App, SharedApp};

/// Bytes of one message.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Bytes that one connection reads or writes at a time.
const BUFFER_BYTES: usize = 8 * 1024;
/// Subscriptions of one connection.
const SUBSCRIPTIONS_MAX: usize = 64;
/// Bytes of a subscription's name, and of a quote's.
const NAME_BYTES_MAX: usize = 256;
/// How many times a silent wallet is asked whether it is there, before its connection is closed.
const PINGS: u32 = 3;

/// GET `/cashu/v1/ws`.
pub(in crate::http) async fn open(
    State(app): State<SharedApp>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let place = Arc::clone(&app.sockets).try_acquire_owned();
    let place = place.map_err(|_| Error::Busy("at its limit of open websockets"))?;
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let events = app.engine.watch();
        let now = Instant::now();
        let watch = Watch {
            idle: Duration::from_millis(app.config.websocket_idle_ms),
            app,
            socket,
            subscriptions: Subscriptions::default(),
            heard: now,
            asked: now,
        };
        // A connection that breaks is the wallet's affair: it comes again and is told the state.
        let _ = watch.run(events).await;
        drop(place);
    }))
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
    subscriptions: Subscriptions,
    /// How long nothing may come from the wallet, or nothing be read by it.
    idle: Duration,
    /// When anything came last, be it the answer to a ping.
    heard: Instant,
    /// When a message came last.
    asked: Instant,
}

impl Watch {
    async fn run(
        mut self,
        mut events: broadcast::Receiver<Arc<[Event]>>,
    ) -> std::result::Result<(), Closed> {
        let between = (self.idle / PINGS).max(Duration::from_millis(1));
        let mut pings = tokio::time::interval_at(Instant::now() + between, between);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                frame = self.socket.recv() => self.hear(frame.ok_or(Closed)??).await?,
                events = events.recv() => match events {
                    Ok(events) => self.notify(Some(&events)).await?,
                    // Some were missed: everything is looked at.
                    Err(RecvError::Lagged(_)) => self.notify(None).await?,
                    Err(RecvError::Closed) => return Ok(()),
                },
                _ = pings.tick() => {
                    if self.is_idle() {
                        return self.put(Frame::Close(None)).await;
                    }
                    self.put(Frame::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// Returns whether nothing has come for too long; from a wallet that has subscribed to nothing, no message.
    fn is_idle(&self) -> bool {
        let last = match self.subscriptions.len() {
            0 => self.asked,
            _ => self.heard,
        };
        last.elapsed() >= self.idle
    }

    async fn hear(&mut self, frame: Frame) -> std::result::Result<(), Closed> {
        self.heard = Instant::now();
        match frame {
            Frame::Text(text) => {
                self.asked = self.heard;
                self.answer(&text).await
            }
            Frame::Close(_) => Err(Closed),
            Frame::Binary(_) => {
                self.refuse(None, Fault::Parse, "expected a text frame")
                    .await
            }
            Frame::Ping(_) | Frame::Pong(_) => Ok(()),
        }
    }

    async fn answer(&mut self, text: &str) -> std::result::Result<(), Closed> {
        let Request { id, command } = match Request::parse(text) {
            Ok(request) => request,
            Err((fault, id)) => return self.refuse(id, fault, "not understood").await,
        };
        match command {
            Command::Subscribe { sub_id, filters } => {
                if let Err((fault, why)) = self.subscribe(&sub_id, filters) {
                    return self.refuse(Some(id), fault, why).await;
                }
                let sub_id = &sub_id;
                self.send(&Message::Done { id: &id, sub_id }).await?;
                for id in self.subscriptions.of(sub_id) {
                    self.notify_one(&id, true).await?;
                }
                Ok(())
            }
            Command::Unsubscribe { sub_id } => {
                self.subscriptions.remove(&sub_id);
                let sub_id = &sub_id;
                self.send(&Message::Done { id: &id, sub_id }).await
            }
        }
    }

    /// Adds a subscription within all limits.
    fn subscribe(
        &mut self,
        name: &str,
        filters: Filters,
    ) -> std::result::Result<(), (Fault, &'static str)> {
        let app = &self.app;
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err((Fault::Params, "too many subscriptions"));
        }
        let names_are_long = match &filters {
            Filters::MintQuotes(ids) | Filters::MeltQuotes(ids) => {
                ids.iter().any(|id| id.as_str().len() > NAME_BYTES_MAX)
            }
            Filters::Proofs(_) => false,
        };
        if names_are_long || name.len() > NAME_BYTES_MAX {
            return Err((Fault::Params, "a subId or a filter is too long"));
        }
        let subjects = What::all(filters, |y| app.engine.spent_mark(y));
        if subjects.len() > app.config.inputs_max {
            return Err((Fault::Params, "too many filters"));
        }
        // What is replaced makes room first.
        self.subscriptions.remove(name);
        let count = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
        let share = Arc::clone(&app.subjects).try_acquire_many_owned(count);
        let full = (
            Fault::Busy,
            "too many subscriptions at this mint: try again later",
        );
        self.subscriptions
            .add(name, subjects, share.map_err(|_| full)?);
        Ok(())
    }

    /// Sends what these events, or any, changed of what is subscribed to.
    async fn notify(&mut self, events: Option<&[Event]>) -> std::result::Result<(), Closed> {
        for id in self.subscriptions.about(events) {
            self.notify_one(&id, events.is_none()).await?;
        }
        Ok(())
    }

    /// Sends what one subject is now, unless that was the last that was sent of it. `ask`: the payment
    /// backend too.
    async fn notify_one(&mut self, id: &SubjectId, ask: bool) -> std::result::Result<(), Closed> {
        let Some(what) = self.subscriptions.what(id) else {
            return Ok(());
        };
        match notice(&self.app, &id.0, &what, ask).await {
            Ok(text) if self.subscriptions.is_news(id, &text) => {
                self.put(Frame::Text(text.into())).await
            }
            Ok(_)
            | Err(Error::Request {
                code: ErrorCode::QuoteUnknown,
                ..
            }) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "a subscriber could not be told a state");
                Ok(())
            }
        }
    }

    async fn refuse(
        &mut self,
        id: Option<Id>,
        fault: Fault,
        message: &str,
    ) -> std::result::Result<(), Closed> {
        let id = id.as_ref();
        let refused = Message::Refused { id, fault, message };
        self.send(&refused).await
    }

    async fn send(&mut self, message: &Message<'_>) -> std::result::Result<(), Closed> {
        let text = serde_json::to_string(message).map_err(|_| Closed)?;
        self.put(Frame::Text(text.into())).await
    }

    /// Sends a frame; who does not read is gone.
    async fn put(&mut self, frame: Frame) -> std::result::Result<(), Closed> {
        let sent = tokio::time::timeout(self.idle, self.socket.send(frame)).await;
        Ok(sent.map_err(|_| Closed)??)
    }
}

/// Returns what a subscriber is told of a subject now. When nothing says that it changed, the payment backend is
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
                true => cashier.mint_quote_at_once(id).await?,
                false => cashier.read_mint_quote(id, None)?,
            };
            write(Payload::MintQuote(&to_mint_quote(app, quote)))
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
