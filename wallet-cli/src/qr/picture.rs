//! One QR code, as text.

use qrcode::{Color, EcLevel, QrCode, Version};

/// The margin, in modules. The standard asks for 4, scanners are content with 2, and a terminal is
/// small.
const MARGIN: usize = 2;
/// Black on white, whatever the terminal's own colours are.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// A QR code.
pub(super) struct Drawing(QrCode);

impl Drawing {
    /// The smallest code that holds `text`; `None` when none does.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L);
        code.ok().map(Self)
    }

    /// A code of a given version, so that a sequence of them has one size.
    pub(super) fn of_version(text: &str, version: i16) -> Option<Self> {
        let code = QrCode::with_version(text, Version::Normal(version), EcLevel::L);
        code.ok().map(Self)
    }

    /// The side of a code of a version with its margin, in modules.
    pub(super) fn side_of_version(version: i16) -> usize {
        // ISO/IEC 18004: 21 modules, and 4 more for each version.
        17 + 4 * usize::from(version.unsigned_abs()) + 2 * MARGIN
    }

    /// The side with its margin, in modules, which is in columns.
    pub(super) fn side(&self) -> usize {
        self.0.width() + 2 * MARGIN
    }

    /// The largest side that a screen has room for: two modules are above each other in a character.
    pub(super) fn side_max(columns: usize, rows: usize) -> usize {
        columns.min(rows * 2)
    }

    /// The code in lines of characters. In colours it is black on white; without them what is light is
    /// drawn, which is right on a dark terminal, and most scanners read the reverse too.
    pub(super) fn text(&self) -> String {
        let colours = console::colors_enabled();
        let drawn = |column, row| self.light(column, row) != colours;
        let line = |row: usize| -> String {
            let characters =
                (0..self.side()).map(
                    |column| match (drawn(column, row), drawn(column, row + 1)) {
                        (true, true) => '█',
                        (true, false) => '▀',
                        (false, true) => '▄',
                        (false, false) => ' ',
                    },
                );
            let line: String = characters.collect();
            match colours {
                true => format!("{BLACK_ON_WHITE}{line}{RESET}"),
                false => line,
            }
        };
        let lines: Vec<String> = (0..self.side()).step_by(2).map(line).collect();
        lines.join("\n")
    }

    /// Returns whether a module is light: the margin is.
    fn light(&self, column: usize, row: usize) -> bool {
        let inside = |at: usize| at.checked_sub(MARGIN).filter(|at| *at < self.0.width());
        match (inside(column), inside(row)) {
            (Some(x), Some(y)) => self.0[(x, y)] == Color::Light,
            _ => true,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns what a scanner reads in a drawing without colours.
    pub(in crate::qr) fn scanned(drawing: &str) -> String {
        const SCALE: usize = 4;
        let rows: Vec<Vec<bool>> = drawing
            .lines()
            .flat_map(|line| {
                let upper = line.chars().map(|c| matches!(c, '█' | '▀')).collect();
                let lower = line.chars().map(|c| matches!(c, '█' | '▄')).collect();
                [upper, lower]
            })
            .collect();
        let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            if rows[y / SCALE][x / SCALE] { 255 } else { 0 }
        });
        let grids = image.detect_grids();
        let (_, text) = grids.first().expect("a QR code").decode().unwrap();
        text
    }

    #[test]
    fn a_scanner_reads_what_was_drawn() {
        console::set_colors_enabled(false);
        for length in [1, 64, 400, 2000] {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let drawing = Drawing::of(&text).unwrap();
            let drawn = drawing.text();
            assert_eq!(scanned(&drawn), text);
            let lines: Vec<usize> = drawn.lines().map(|line| line.chars().count()).collect();
            assert_eq!(lines, vec![drawing.side(); drawing.side().div_ceil(2)]);
        }
        assert!(Drawing::of(&"a".repeat(3000)).is_none());
    }

    #[test]
    fn the_margin_is_light_and_colours_are_black_on_white() {
        console::set_colors_enabled(false);
        let drawing = Drawing::of("a").unwrap();
        assert_eq!(drawing.side(), 21 + 4);
        let first = drawing.text().lines().next().unwrap().to_owned();
        assert_eq!(first, "█".repeat(25));
        assert_eq!(Drawing::side_of_version(1), 25);
    }
}
