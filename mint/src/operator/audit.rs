//! `audit`: the balance sheet.

use serde::Serialize;

use super::{Outcome, Output, open};
use crate::clock;
use crate::config::DataDir;
use crate::error::Result;
use crate::ledger::{BalanceSheet, KeysetLine, Sum, Suspense, SuspenseLine};

#[derive(Serialize)]
struct Report<'a> {
    balanced: bool,
    #[serde(flatten)]
    sheet: &'a BalanceSheet,
    accounts_total: i64,
    outstanding_total: i64,
    faults: &'a [String],
}

pub(super) fn execute(dir: &DataDir, output: Output) -> Result<Outcome> {
    let (_, store) = open::books(dir)?;
    let sheet = store.reader()?.balance_sheet()?;
    let faults = sheet.faults();
    let report = Report {
        balanced: faults.is_empty(),
        sheet: &sheet,
        accounts_total: sheet.accounts_total(),
        outstanding_total: sheet.outstanding_total(),
        faults: &faults,
    };
    output.write(&report, || text(&sheet, &faults))?;
    Ok(if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::Faulty
    })
}

fn text(sheet: &BalanceSheet, faults: &[String]) -> String {
    let mut lines = vec![format!("{:>16} {}  reserve", sheet.reserve, sheet.unit)];
    lines.push(format!("{:>16}  owed on accounts", sheet.accounts_total()));
    for account in &sheet.accounts {
        lines.push(format!("{:>24}  {}", account.balance, account.name));
    }
    lines.push(format!("{:>16}  owed on tokens", sheet.outstanding_total()));
    for keyset in sheet.keysets.iter().filter(|line| line.is_money()) {
        let KeysetLine {
            id,
            state,
            issued,
            redeemed,
            unseen,
            allowance,
            held,
            ..
        } = keyset;
        let outstanding = keyset.outstanding();
        lines.push(format!(
            "{outstanding:>24}  keyset {id} ({state}): issued {issued}, redeemed {redeemed}"
        ));
        if *held > 0 {
            lines.push(format!(
                "{:>24}  of that, {held} held for payments under way",
                ""
            ));
        }
        if *unseen > 0 || *allowance > 0 {
            lines.push(format!(
                "{:>24}  of that, {unseen} came back without having been seen to be signed; \
                 {allowance} more may",
                ""
            ));
        }
    }
    lines.push(format!("{:>16}  fees kept", sheet.fees));
    for (what, Sum { balance, .. }) in [
        ("paid in by invoices, not issued yet", sheet.paid_in),
        (
            "put in by accounts for payments under way",
            sheet.paying_out,
        ),
    ] {
        if balance != 0 {
            lines.push(format!("{balance:>16}  {what}"));
        }
    }
    let Suspense { balance, postings } = &sheet.suspense;
    if *balance != 0 || !postings.is_empty() {
        lines.push(format!(
            "{balance:>16}  in suspense: positive is owed to somebody unknown, negative is lost"
        ));
    }
    for SuspenseLine { time, amount, note } in postings {
        let day = clock::to_text(time.cast_signed());
        lines.push(format!("{amount:>+24}  {day}  {note}"));
    }
    let auth = sheet.keysets.iter().filter(|line| !line.is_money());
    lines.extend(auth.map(auth_line));
    if faults.is_empty() {
        lines.push("The books balance.".to_owned());
    } else {
        lines.push("THE BOOKS DO NOT BALANCE:".to_owned());
        lines.extend(faults.iter().map(|fault| format!("  {fault}")));
    }
    lines.join("\n")
}

fn auth_line(keyset: &KeysetLine) -> String {
    let KeysetLine {
        id,
        state,
        issued,
        redeemed,
        ..
    } = keyset;
    format!(
        "{:>16}  owed on blind authentication, keyset {id} ({state}): issued {issued}, used {redeemed}",
        "nothing"
    )
}
