//! What the mint says of itself to Cashu's wallets.

use axum::Json;
use axum::extract::State;
use farthing_protocol::cashu::bolt11::METHOD;
use farthing_protocol::cashu::info::{
    Batches, BlindAuth, CachedAnswers, ClearAuth, Endpoint, Info, MeltOptions, MethodSetting,
    MethodUnit, Methods, MintOptions, Multipath, Nuts, Subscriptions, Supported, WebSockets,
};
use farthing_protocol::cashu::path;
use farthing_protocol::cashu::ws::Kind;

use crate::clock;
use crate::config::Protected;
use crate::http::guard::REPEATABLE;
use crate::http::native::public::{contact, version};
use crate::http::{App, SharedApp};
use crate::payments::cashier::Cashier;

/// Quotes in one request (NUT-29).
pub(in crate::http) const QUOTES_MAX: usize = 100;

/// GET `/cashu/v1/info` (NUT-06).
pub(in crate::http) async fn info(State(app): State<SharedApp>) -> Json<Info> {
    let config = &app.config;
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    Json(Info {
        name: some(&config.name),
        version: Some(version()),
        description: some(&config.description),
        contact: contact(config),
        urls: vec![format!("{}{}", config.url, path::PREFIX)],
        time: Some(clock::now_s()),
        max_array_length: Some(config.inputs_max.min(config.outputs_max) as u64),
        nuts: nuts(&app),
        ..Info::default()
    })
}

fn nuts(app: &App) -> Nuts {
    let supported = || Some(Supported { supported: true });
    let cashier = app.cashier.as_deref();
    let endpoint = |path: &str| Endpoint {
        method: "POST".to_owned(),
        path: path.to_owned(),
    };
    let is_there = |path: &&str| cashier.is_some() || *path == path::SWAP;
    let mut cached: Vec<_> = REPEATABLE.into_iter().filter(is_there).collect();
    let auth = app.guard.as_ref().map(|guard| &guard.settings);
    let blind = auth.and_then(|auth| auth.blind.as_ref());
    cached.extend(blind.map(|_| path::AUTH_MINT));
    Nuts {
        mint: Some(mint_methods(app, cashier)),
        melt: Some(melt_methods(app, cashier)),
        check_state: supported(),
        fee_return: cashier.and_then(|_| supported()),
        restore: supported(),
        conditions: supported(),
        p2pk: supported(),
        dleq: supported(),
        htlc: supported(),
        multipath: cashier
            .filter(|cashier| cashier.features().partial)
            .map(|_| Multipath {
                methods: vec![MethodUnit {
                    method: METHOD.to_owned(),
                    unit: app.config.unit.clone(),
                }],
            }),
        websockets: Some(WebSockets {
            supported: vec![Subscriptions {
                method: METHOD.to_owned(),
                unit: app.config.unit.clone(),
                commands: Kind::ALL.map(|kind| kind.name().to_owned()).into(),
            }],
        }),
        cached_answers: Some(CachedAnswers {
            ttl: Some(u64::from(app.config.replay_days) * 86_400),
            cached_endpoints: cached.into_iter().map(endpoint).collect(),
        }),
        quote_signatures: cashier.and_then(|_| supported()),
        clear_auth: auth.map(|auth| ClearAuth {
            openid_discovery: auth.discovery.clone(),
            client_id: auth.client_id.clone(),
            protected_endpoints: auth.clear.iter().map(Protected::to_endpoint).collect(),
        }),
        blind_auth: blind.map(|blind| BlindAuth {
            bat_max_mint: blind.max,
            protected_endpoints: blind.paths.iter().map(Protected::to_endpoint).collect(),
        }),
        batches: cashier.map(|_| Batches {
            max_batch_size: Some(QUOTES_MAX as u64),
            methods: Some(vec![METHOD.to_owned()]),
        }),
    }
}

fn mint_methods(app: &App, cashier: Option<&Cashier>) -> Methods<MintOptions> {
    methods(app, cashier, |cashier| MintOptions {
        description: cashier.features().description,
    })
}

fn melt_methods(app: &App, cashier: Option<&Cashier>) -> Methods<MeltOptions> {
    methods(app, cashier, |cashier| MeltOptions {
        amountless: cashier.features().amountless,
    })
}

fn methods<O>(app: &App, cashier: Option<&Cashier>, options: fn(&Cashier) -> O) -> Methods<O> {
    let method = cashier.map(|cashier| MethodSetting {
        method: METHOD.to_owned(),
        unit: app.config.unit.clone(),
        method_name: None,
        min_amount: Some(1),
        max_amount: Some(cashier.amount_max()),
        options: Some(options(cashier)),
    });
    Methods {
        disabled: method.is_none(),
        methods: method.into_iter().collect(),
    }
}
