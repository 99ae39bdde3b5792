//! The suites' operations, each beside its floor: the bare operations of curve25519-dalek or
//! libsecp256k1 that no implementation of the same protocol on the same curve can do without.
//!
//! A floor has no hashing, no checks and no wiping, so an operation is always above it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "benchmarks, with inputs of their own"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{MultiscalarMul as _, VartimeMultiscalarMul as _};
use farthing_protocol::suite::{
    Blinding, Ristretto255, Secp256k1, SecretKey, Suite, ToSign, ToVerify,
};

/// How many tokens or outputs a batch has.
const BATCH: usize = 32;

/// What every benchmark works on.
struct Inputs {
    key: SecretKey,
    public: RistrettoPoint,
    r: Blinding,
    secret: String,
    y: RistrettoPoint,
    b: RistrettoPoint,
    c: RistrettoPoint,
    /// A full scalar, for the floors.
    k: Scalar,
}

impl Inputs {
    fn new() -> Self {
        let key = Ristretto255::secret_key(&random()).unwrap();
        let r = Ristretto255::blinding(&random()).unwrap();
        let secret = "5f0d".repeat(16);
        let y = Ristretto255::hash_to_group(secret.as_bytes());
        let b = Ristretto255::blind(&y, &r);
        Self {
            public: Ristretto255::public_key(&key),
            c: Ristretto255::evaluate(&key, &b),
            k: scalar(),
            key,
            r,
            secret,
            y,
            b,
        }
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let inputs = Inputs::new();
    encodings(&mut criterion, &inputs);
    client(&mut criterion, &inputs);
    mint(&mut criterion, &inputs);
    proofs(&mut criterion, &inputs);
    verify_many(&mut criterion, &inputs);
    sign_many(&mut criterion, &inputs);
    secp256k1_client(&mut criterion);
    secp256k1_mint(&mut criterion);
    criterion.final_summary();
}

/// Bytes to points and back.
fn encodings(criterion: &mut Criterion, inputs: &Inputs) {
    let encoded = Ristretto255::encode_point(&inputs.b);
    let compressed = inputs.b.compress();
    let uniform = random();
    let mut group = criterion.benchmark_group("hash_to_group");
    let secret = inputs.secret.as_bytes();
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::hash_to_group(black_box(secret)))
    });
    group.bench_function("floor: elligator", |b| {
        b.iter(|| RistrettoPoint::from_uniform_bytes(black_box(&uniform)))
    });
    group.finish();
    let mut group = criterion.benchmark_group("decode_point");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::decode_point(black_box(&encoded)))
    });
    group.bench_function("floor: decompress", |b| {
        b.iter(|| black_box(&compressed).decompress())
    });
    group.finish();
    let mut group = criterion.benchmark_group("encode_point");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::encode_point(black_box(&inputs.b)))
    });
    group.bench_function("floor: compress", |b| {
        b.iter(|| black_box(&inputs.b).compress())
    });
    group.finish();
}

/// What a wallet does for each token.
fn client(criterion: &mut Criterion, inputs: &Inputs) {
    let Inputs {
        r, y, c, public, k, ..
    } = inputs;
    let mut group = criterion.benchmark_group("blind");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::blind(black_box(y), r))
    });
    group.bench_function("floor: k·P", |b| b.iter(|| k * black_box(y)));
    group.finish();
    let mut group = criterion.benchmark_group("unblind");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::unblind(black_box(c), r, public))
    });
    group.bench_function("floor: k·P and 1/k", |b| {
        b.iter(|| black_box(k).invert() * black_box(c))
    });
    group.finish();
}

/// What the mint does for one token or output at a time.
fn mint(criterion: &mut Criterion, inputs: &Inputs) {
    let Inputs {
        key,
        y,
        b: blinded,
        c,
        k,
        ..
    } = inputs;
    let mut group = criterion.benchmark_group("evaluate");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::evaluate(key, black_box(blinded)))
    });
    group.bench_function("floor: k·P", |b| b.iter(|| k * black_box(blinded)));
    group.finish();
    let mut group = criterion.benchmark_group("verify_token");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::verify_token(key, black_box(y), black_box(c)))
    });
    group.bench_function("floor: k·P", |b| b.iter(|| k * black_box(y)));
    group.finish();
}

/// The proof beside each signature.
fn proofs(criterion: &mut Criterion, inputs: &Inputs) {
    let Inputs {
        key,
        public,
        b: blinded,
        c,
        k,
        ..
    } = inputs;
    let mut group = criterion.benchmark_group("prove");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::prove(key, black_box(blinded), black_box(c)))
    });
    group.bench_function("floor: 3 k·P, k·G", |b| {
        b.iter(|| {
            let m = k * black_box(blinded);
            (k * m, RistrettoPoint::mul_base(black_box(k)), k * m)
        })
    });
    group.bench_function("floor: k·G", |b| {
        b.iter(|| RistrettoPoint::mul_base(black_box(k)))
    });
    group.finish();
    let dleq = Ristretto255::prove(key, blinded, c);
    let mut group = criterion.benchmark_group("verify_proof");
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::verify_proof(public, black_box(blinded), black_box(c), &dleq))
    });
    group.bench_function("floor: 4 vartime sums", |b| {
        b.iter(|| {
            let m = RistrettoPoint::vartime_multiscalar_mul([k], [black_box(blinded)]);
            let z = RistrettoPoint::vartime_multiscalar_mul([k], [black_box(c)]);
            let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(k, public, k);
            (t2, RistrettoPoint::vartime_multiscalar_mul([k, k], [m, z]))
        })
    });
    group.finish();
}

/// A batch of tokens.
fn verify_many(criterion: &mut Criterion, inputs: &Inputs) {
    let tokens: Vec<ToVerify<'_, Ristretto255>> = (0..BATCH)
        .map(|_| {
            let y = RistrettoPoint::from_uniform_bytes(&random());
            ToVerify {
                key: &inputs.key,
                c: Ristretto255::evaluate(&inputs.key, &y),
                y,
                weight: weight(),
            }
        })
        .collect();
    assert!(Ristretto255::verify_all(&tokens));
    let points: Vec<_> = tokens.iter().map(|token| token.y).collect();
    let weights: Vec<_> = tokens
        .iter()
        .map(|token| Scalar::from(token.weight))
        .collect();
    let secrets: Vec<_> = weights.iter().map(|z| z * inputs.k).collect();
    let mut group = criterion.benchmark_group("verify_all of 32");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::verify_all(black_box(&tokens)))
    });
    group.bench_function("floor: 2 sums of 32, one in constant time", |b| {
        b.iter(|| {
            let ys = RistrettoPoint::multiscalar_mul(&secrets, black_box(&points));
            let cs = RistrettoPoint::vartime_multiscalar_mul(&weights, black_box(&points));
            (ys, cs)
        })
    });
    group.bench_function("floor: 1 sum of 32", |b| {
        b.iter(|| RistrettoPoint::vartime_multiscalar_mul(&weights, black_box(&points)))
    });
    group.finish();
}

/// A batch of outputs.
fn sign_many(criterion: &mut Criterion, inputs: &Inputs) {
    let points: Vec<_> = (0..BATCH)
        .map(|_| RistrettoPoint::from_uniform_bytes(&random()))
        .collect();
    let outputs: Vec<ToSign<'_, Ristretto255>> = points
        .iter()
        .map(|b| ToSign {
            key: &inputs.key,
            b: *b,
            encoded: Ristretto255::encode_point(b),
        })
        .collect();
    let mut group = criterion.benchmark_group("sign_all of 32");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("farthing", |b| {
        b.iter(|| Ristretto255::sign_all(black_box(&outputs)))
    });
    let k = &inputs.k;
    group.bench_function("floor: 4 k·P, k·G and 5 encodings each", |b| {
        b.iter(|| {
            let made: Vec<RistrettoPoint> = black_box(&points)
                .iter()
                .flat_map(|b| {
                    let m = k * b;
                    [k * b, m, k * m, RistrettoPoint::mul_base(k), k * m]
                })
                .collect();
            RistrettoPoint::double_and_compress_batch(&made)
        })
    });
    group.finish();
}

/// What a wallet does for each token of a Cashu keyset.
fn secp256k1_client(criterion: &mut Criterion) {
    let key = Secp256k1::secret_key(&random()).unwrap();
    let public = Secp256k1::public_key(&key);
    let r = Secp256k1::blinding(&random()).unwrap();
    let secret = "5f0d".repeat(16);
    let y = Secp256k1::hash_to_group(secret.as_bytes());
    let blinded = Secp256k1::blind(&y, &r);
    let c = Secp256k1::evaluate(&key, &blinded);
    let encoded: [u8; 33] = c.serialize();
    let k = secp256k1_scalar();
    let mut group = criterion.benchmark_group("secp256k1 hash_to_group");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::hash_to_group(black_box(secret.as_bytes())))
    });
    group.bench_function("floor: decompress", |b| {
        b.iter(|| secp256k1::PublicKey::from_byte_array_compressed(black_box(encoded)))
    });
    group.finish();
    let mut group = criterion.benchmark_group("secp256k1 blind");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::blind(black_box(&y), &r))
    });
    group.bench_function("floor: k·G", |b| {
        b.iter(|| secp256k1::PublicKey::from_secret_key(black_box(&k)))
    });
    group.finish();
    let mut group = criterion.benchmark_group("secp256k1 unblind");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::unblind(black_box(&c), &r, &public))
    });
    group.bench_function("floor: k·P", |b| {
        b.iter(|| secp256k1::ecdh::shared_secret_point(black_box(&public), &k))
    });
    group.finish();
    let dleq = Secp256k1::prove(&key, &blinded, &c);
    let scalar = secp256k1::Scalar::from(k);
    let mut group = criterion.benchmark_group("secp256k1 verify_proof");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::verify_proof(&public, black_box(&blinded), black_box(&c), &dleq))
    });
    group.bench_function("floor: 3 vartime k·P, k·G", |b| {
        b.iter(|| {
            let products = [&public, &blinded, &c].map(|p| black_box(p).mul_tweak(&scalar));
            (products, public.add_exp_tweak(&scalar))
        })
    });
    group.finish();
}

/// What the mint does for each token or output of a Cashu keyset.
fn secp256k1_mint(criterion: &mut Criterion) {
    let key = Secp256k1::secret_key(&random()).unwrap();
    let y = Secp256k1::hash_to_group(&random());
    let c = Secp256k1::evaluate(&key, &y);
    let k = secp256k1_scalar();
    let times = |point: &secp256k1::PublicKey| {
        secp256k1::ecdh::shared_secret_point(black_box(point), black_box(&k))
    };
    let mut group = criterion.benchmark_group("secp256k1 evaluate");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::evaluate(&key, black_box(&y)))
    });
    group.bench_function("floor: k·P", |b| b.iter(|| times(&y)));
    group.finish();
    let mut group = criterion.benchmark_group("secp256k1 verify_token");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::verify_token(&key, black_box(&y), black_box(&c)))
    });
    group.bench_function("floor: k·P", |b| b.iter(|| times(&y)));
    group.finish();
    let mut group = criterion.benchmark_group("secp256k1 prove");
    group.bench_function("farthing", |b| {
        b.iter(|| Secp256k1::prove(&key, black_box(&y), black_box(&c)))
    });
    group.bench_function("floor: k·P, k·G", |b| {
        b.iter(|| (times(&y), secp256k1::PublicKey::from_secret_key(&k)))
    });
    group.finish();
}

fn secp256k1_scalar() -> secp256k1::SecretKey {
    let bytes = random()[..32].try_into().unwrap();
    secp256k1::SecretKey::from_secret_bytes(bytes).unwrap()
}

fn random() -> [u8; 64] {
    let mut bytes = [0; 64];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn scalar() -> Scalar {
    Scalar::from_bytes_mod_order_wide(&random())
}

fn weight() -> u128 {
    u128::from_le_bytes(random()[..16].try_into().unwrap())
}
