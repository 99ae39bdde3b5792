//! Kills the mint with SIGKILL while clients mint from invoices and have invoices paid, and looks whether
//! books, tokens and payments go together afterwards, whatever became of each payment at the node.
//!
//! `FARTHING_CRASH_KILLS` says how many kills at random moments there are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod customer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farthing_protocol::suite::SuiteId;
use farthing_testkit::dice::Dice;
use farthing_testkit::lightning::Node;
use farthing_testkit::scene::Scene;
use tokio::sync::watch;

use customer::{Customer, Orders, Payer};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

const CUSTOMERS: usize = 8;
/// How many requests the mint answers at the most before it is killed.
const ANSWERS_MAX: u64 = 80;
/// How long it is waited for them: those who have a payment under way may all be waiting for its end.
const CALM: Duration = Duration::from_secs(2);
/// How long what has to happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mint whose node pays no invoice, in or out, unless it is told to.
async fn open() -> Scene {
    let settings = [("LIGHTNING_BACKEND", "fake")];
    let scene = Scene::of_suite(BINARY, SuiteId::Secp256k1, &settings).await;
    let scene = scene.unwrap();
    let node = Node::of(&scene.mint);
    node.order("incoming-default", "unpaid").unwrap();
    node.order("outgoing-default", "lost").unwrap();
    scene
}

/// Kills the mint; gives where it listened.
fn kill(scene: &mut Scene) -> String {
    let listen = scene.mint.url().unwrap().trim_start_matches("http://");
    let listen = listen.to_owned();
    scene.mint.kill().unwrap();
    scene.mint.balanced().unwrap();
    listen
}

/// Starts the mint again where it listened, and has all customers look at what became of their payments.
async fn start(scene: &mut Scene, listen: &str, customers: &mut [Customer]) {
    scene.mint.start_at(listen).unwrap();
    for customer in &mut *customers {
        customer.client = scene.new_client().unwrap();
        customer.settle().await;
    }
    look_at_books(scene, customers);
}

/// The books are what the customers and the node say.
fn look_at_books(scene: &Scene, customers: &[Customer]) {
    let sum = |part: fn(&Customer) -> u64| customers.iter().map(part).sum::<u64>().cast_signed();
    let books = scene.books().unwrap();
    assert_eq!(
        books.outstanding_total(),
        sum(|customer| customer.holds()),
        "tokens"
    );
    let moved = sum(|customer| customer.came_in) - sum(|customer| customer.went_out);
    assert_eq!(books.reserve, moved, "in less out");
    assert_eq!(books.fees, sum(|customer| customer.left_to_the_mint));
    assert_eq!((books.paid_in.balance, books.paying_out.balance), (0, 0));
    let line = scene.line(&scene.keyset).unwrap();
    assert_eq!(
        line.held,
        sum(|customer| customer.under_way()),
        "held for payments under way"
    );
    let paid = Node::of(&scene.mint).paid().unwrap();
    let known: usize = customers.iter().map(|customer| customer.paid).sum();
    assert_eq!(paid, known, "payments that arrived");
}

/// Each thing that can become of a payment, with the mint killed in its midst and the end at the node
/// while it is down.
#[tokio::test]
async fn whatever_becomes_of_a_payment_is_known_after_a_kill() {
    let mut scene = open().await;
    let dice = Dice::for_test("a mint killed in the midst of payments").unwrap();
    let mut customers = [Customer::new(&scene, dice)];
    for orders in Orders::all() {
        println!("{orders:?}");
        let [customer] = &mut customers;
        let minted = customer.mint(200, Payer::Outside).await;
        minted.expect("the mint is there");
        let begun = customer.begin_melt(orders).await;
        begun.expect("the mint is there");
        let until = Instant::now() + PATIENCE;
        while !customer.has_reached_the_node() {
            assert!(
                Instant::now() < until,
                "the payment does not get to the node"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let listen = kill(&mut scene);
        start(&mut scene, &listen, &mut customers).await;
        let listen = kill(&mut scene);
        customers[0].end_payments(1);
        start(&mut scene, &listen, &mut customers).await;
        assert_eq!(customers[0].under_way(), 0);
    }
    let [customer] = &mut customers;
    assert_eq!(customer.paid, Orders::paid(), "payments that arrived");
    customer.spend_all().await;
    look_at_books(&scene, &customers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_the_mint_knows_what_became_of_each_payment() {
    let mut dice = Dice::for_test("a mint with payments killed at random").unwrap();
    let kills: usize =
        std::env::var("FARTHING_CRASH_KILLS").map_or(4, |text| text.parse().unwrap());
    let mut scene = open().await;
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        customers.push(Customer::new(&scene, dice.split()));
    }
    for left in (0..kills).rev() {
        let answers = Arc::new(watch::Sender::new(0));
        let work = |customer: Customer| tokio::spawn(customer.work(Arc::clone(&answers)));
        let tasks: Vec<_> = customers.drain(..).map(work).collect();
        let enough = dice.below(ANSWERS_MAX) as usize;
        let mut counted = answers.subscribe();
        let wait = counted.wait_for(|count| *count >= enough);
        let in_time = tokio::time::timeout(CALM, wait).await.is_ok();
        let listen = kill(&mut scene);
        for task in tasks {
            customers.push(task.await.unwrap());
        }
        // At the node all goes on meanwhile: every second payment that is under way ends, and before
        // the last start all do.
        for customer in &mut customers {
            customer.end_payments(if left == 0 { 1 } else { 2 });
        }
        start(&mut scene, &listen, &mut customers).await;
        let under_way: u64 = customers.iter().map(Customer::under_way).sum();
        println!(
            "killed after {} answers (in time: {in_time}), {left} kills left: {} in, {} out, {} under way, \
             {} payments arrived, {} failed",
            *answers.borrow(),
            customers.iter().map(|c| c.came_in).sum::<u64>(),
            customers.iter().map(|c| c.went_out).sum::<u64>(),
            under_way,
            customers.iter().map(|c| c.paid).sum::<usize>(),
            customers.iter().map(|c| c.failed).sum::<usize>(),
        );
    }
    for customer in &mut customers {
        assert_eq!(customer.under_way(), 0, "all that was begun has ended");
        customer.spend_all().await;
    }
    look_at_books(&scene, &customers);
}
