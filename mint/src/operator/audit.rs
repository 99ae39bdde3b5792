//! `audit`: the balance sheet.

use farthing_protocol::Unit;
use serde::Serialize;

use super::open;
use super::output::{Outcome, Output};
use crate::clock;
use crate::config::DataDir;
use crate::domain::{BalanceSheet, KeysetLine, Sum, Suspense, SuspenseLine};
use crate::error::Result;

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
    let (config, store) = open::store(dir)?;
    let unit = config.money();
    let sheet = store.reader()?.balance_sheet()?;
    let faults = sheet.faults(&unit);
    let report = Report {
        balanced: faults.is_empty(),
        sheet: &sheet,
        accounts_total: sheet.accounts_total(),
        outstanding_total: sheet.outstanding_total(),
        faults: &faults,
    };
    output.write(&report, || text(&sheet, &faults, &unit))?;
    Ok(if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::Faulty
    })
}

fn text(sheet: &BalanceSheet, faults: &[String], unit: &Unit) -> String {
    let number = |amount| unit.number_signed(amount);
    let mut lines = vec![format!(
        "{:>16} {}  reserve",
        number(sheet.reserve),
        unit.name()
    )];
    let accounts = number(sheet.accounts_total());
    lines.push(format!("{accounts:>16}  owed on accounts"));
    for account in &sheet.accounts {
        lines.push(format!("{:>24}  {}", number(account.balance), account.name));
    }
    let tokens = number(sheet.outstanding_total());
    lines.push(format!("{tokens:>16}  owed on tokens"));
    let money = sheet.keysets.iter().filter(|line| line.is_money());
    lines.extend(money.flat_map(|line| keyset_lines(line, unit)));
    lines.push(format!("{:>16}  fees kept", number(sheet.fees)));
    for (what, Sum { balance, .. }) in [
        ("paid in by invoices, not issued yet", sheet.paid_in),
        (
            "put in by accounts for payments under way",
            sheet.paying_out,
        ),
    ] {
        if balance != 0 {
            lines.push(format!("{:>16}  {what}", number(balance)));
        }
    }
    let Suspense { balance, postings } = &sheet.suspense;
    if *balance != 0 || !postings.is_empty() {
        lines.push(format!(
            "{:>16}  in suspense (positive: owed, holder unknown; negative: lost)",
            number(*balance)
        ));
    }
    for SuspenseLine { time, amount, note } in postings {
        let day = clock::to_text(time.cast_signed());
        lines.push(format!("{:>24}  {day}  {note}", unit.change(*amount)));
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

fn keyset_lines(keyset: &KeysetLine, unit: &Unit) -> Vec<String> {
    let number = |amount| unit.number_signed(amount);
    let KeysetLine {
        id,
        state,
        unseen,
        allowance,
        held,
        ..
    } = keyset;
    let outstanding = number(keyset.outstanding());
    let (issued, redeemed) = (number(keyset.issued), number(keyset.redeemed));
    let mut lines = vec![format!(
        "{outstanding:>24}  keyset {id} ({state}): issued {issued}, redeemed {redeemed}"
    )];
    if *held > 0 {
        let held = number(*held);
        lines.push(format!(
            "{:>24}  of that, {held} held for payments under way",
            ""
        ));
    }
    if *unseen > 0 || *allowance > 0 {
        let (unseen, allowance) = (number(*unseen), number(*allowance));
        lines.push(format!(
            "{:>24}  of that, {unseen} came back without having been seen to be signed; {allowance} \
             more may",
            ""
        ));
    }
    lines
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
