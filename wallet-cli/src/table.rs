//! Lists: lines for programs, and for people a table as wide as their terminal.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use crate::screen::{Look, Screen};

/// Between two columns.
const GAP: &str = "  ";
/// No column is cut to less.
const WIDTH_MIN: usize = 8;

/// A list.
pub(crate) struct Table {
    /// The names of the columns.
    head: Vec<&'static str>,
    rows: Vec<Row>,
}

/// One thing in a list.
pub(crate) struct Row {
    /// The line for programs.
    plain: String,
    /// The cells for people, as many as there are columns.
    cells: Vec<Cell>,
}

/// One place in a table.
pub(crate) struct Cell {
    text: String,
    look: Look,
    alignment: Alignment,
}

impl Cell {
    /// Words.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            look: Look::Plain,
            alignment: Alignment::Left,
        }
    }

    /// A number that is not money.
    pub(crate) fn number(number: u64) -> Self {
        Self {
            alignment: Alignment::Right,
            ..Self::text(number.to_string())
        }
    }

    /// An amount.
    pub(crate) fn money(text: impl Into<String>) -> Self {
        Self {
            look: Look::Money,
            alignment: Alignment::Right,
            ..Self::text(text)
        }
    }

    /// The same in another look.
    pub(crate) fn look(self, look: Look) -> Self {
        Self { look, ..self }
    }
}

impl Row {
    pub(crate) fn new<const N: usize>(plain: String, cells: [Cell; N]) -> Self {
        Self {
            plain,
            cells: cells.into(),
        }
    }
}

impl Table {
    pub(crate) fn new<const N: usize>(
        head: [&'static str; N],
        rows: impl Iterator<Item = Row>,
    ) -> Self {
        Self {
            head: head.into(),
            rows: rows.collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The list as it is shown on `screen`, without a line's end after the last line.
    pub(crate) fn render(&self, screen: Screen) -> String {
        match screen {
            Screen::Plain => {
                let lines: Vec<&str> = self.rows.iter().map(|row| row.plain.as_str()).collect();
                lines.join("\n")
            }
            Screen::Terminal { .. } if self.rows.is_empty() => String::new(),
            Screen::Terminal { columns, .. } => self.drawn(columns),
        }
    }

    fn drawn(&self, columns: usize) -> String {
        let widths = self.widths(columns);
        let head = self.head.iter().zip(self.alignments());
        let head = head.zip(&widths).map(|((name, alignment), width)| {
            let padded = pad_str(name, *width, alignment, None);
            Look::Faint.out(&padded)
        });
        let mut lines = vec![joined(head)];
        for row in &self.rows {
            let cells = row.cells.iter().zip(&widths).map(|(cell, width)| {
                let cut = truncate_str(&cell.text, *width, "…");
                let padded = pad_str(&cut, *width, cell.alignment, None);
                cell.look.out(&padded)
            });
            lines.push(joined(cells));
        }
        lines.join("\n")
    }

    /// How names of columns are aligned: as what is below them.
    fn alignments(&self) -> impl Iterator<Item = Alignment> {
        let first = self.rows.first();
        let cells = first.map(|row| row.cells.as_slice()).unwrap_or_default();
        cells.iter().map(|cell| cell.alignment)
    }

    /// How wide each column is: as wide as what is in it, and the widest ones less when not all fit.
    fn widths(&self, columns: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|n| measure_text_width(n)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(measure_text_width(&cell.text));
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > columns {
            // Amounts are never cut.
            let left = self.alignments().map(|a| matches!(a, Alignment::Left));
            let may_shrink = widths.iter_mut().zip(left).filter(|(_, left)| *left);
            match may_shrink.map(|(width, _)| width).max() {
                Some(widest) if *widest > WIDTH_MIN => *widest -= 1,
                Some(_) | None => break,
            }
        }
        widths
    }
}

/// Cells in a line. The last one's padding is left out where nothing colours it.
fn joined(cells: impl Iterator<Item = String>) -> String {
    let line = cells.collect::<Vec<_>>().join(GAP);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |id: u64, amount: &str, memo: &str| {
            let cells = [Cell::number(id), Cell::money(amount), Cell::text(memo)];
            Row::new(format!("{id}  {amount}  {memo}"), cells)
        };
        let rows = [
            row(7, "1.25 usd", "for the tea"),
            row(12, "100.00 usd", "a memo of many words that goes on and on"),
        ];
        Table::new(["#", "AMOUNT", "NOTE"], rows.into_iter())
    }

    fn on(columns: usize) -> String {
        console::set_colors_enabled(false);
        let rows = 24;
        table().render(Screen::Terminal { columns, rows })
    }

    #[test]
    fn programs_get_lines_and_people_get_columns() {
        let plain =
            "7  1.25 usd  for the tea\n12  100.00 usd  a memo of many words that goes on and on";
        assert_eq!(table().render(Screen::Plain), plain);
        assert_eq!(
            on(80),
            " #      AMOUNT  NOTE\n 7    1.25 usd  for the tea\n12  100.00 usd  a memo of many words that goes \
             on and on"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_words_and_never_amounts() {
        let cut =
            " #      AMOUNT  NOTE\n 7    1.25 usd  for the tea\n12  100.00 usd  a memo of ma…";
        assert_eq!(on(29), cut);
        assert_eq!(on(5).lines().last(), Some("12  100.00 usd  a memo …"));
    }

    #[test]
    fn nothing_is_shown_of_nothing() {
        let table = Table::new(["#"], std::iter::empty());
        let screen = Screen::Terminal {
            columns: 80,
            rows: 24,
        };
        assert_eq!(table.render(screen), "");
        assert_eq!(table.render(Screen::Plain), "");
    }
}
