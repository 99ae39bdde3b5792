//! A mint that was built as it is released has no backend that pays invoices without money.
#![cfg(not(feature = "fake-lightning"))]

use farthing_mint::config::{Config, DataDir, LightningBackend};
use farthing_mint::payments::lightning;

#[test]
fn a_mint_without_the_feature_refuses_the_fake_backend() {
    let folder = tempfile::tempdir().unwrap();
    let dir = DataDir::new(folder.path().to_owned());
    let open = |lightning_backend| {
        let config = Config {
            lightning_backend,
            ..Config::default()
        };
        lightning::open(&config, &dir).map_err(|error| error.to_string())
    };
    let error = open(LightningBackend::Fake).err().unwrap();
    assert!(error.starts_with("lightning_backend: "), "{error}");
    assert!(error.contains("--features fake-lightning"), "{error}");
    assert!(open(LightningBackend::None).unwrap().is_none());
}
