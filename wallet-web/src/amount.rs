//! Amounts as a person types them.

use farthing_protocol::{AmountError, Unit};

/// Reads an amount of a unit, in the unit's smallest part. A comma is a decimal point, unless exactly three
/// digits follow: `1,250` is a thousand to some and one to others.
///
/// # Errors
/// [`AmountError`]: nothing is rounded, and nothing of another unit is read.
pub(crate) fn read(text: &str, unit: &Unit) -> Result<u64, AmountError> {
    match text.split_once(',') {
        None => unit.read(text),
        Some((whole, rest)) => {
            let digits = rest.chars().take_while(char::is_ascii_digit).count();
            if digits == 3 || rest.contains(['.', ',']) || whole.contains('.') {
                return Err(AmountError::Form);
            }
            unit.read(&format!("{whole}.{rest}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_a_decimal_point_where_it_can_be_nothing_else() {
        let eur = Unit::new("eur", 2);
        for (text, amount) in [("2.50", 250), ("2,50", 250), ("2,5 eur", 250), ("3", 300)] {
            assert_eq!(read(text, &eur), Ok(amount), "{text}");
        }
        for text in [
            "1,250", "1.250,00", "1,250.00", "1,2,3", ",5", "1,", "-1,50",
        ] {
            assert_eq!(read(text, &eur), Err(AmountError::Form), "{text}");
        }
        let bhd = Unit::new("bhd", 3);
        assert_eq!(read("1,250", &bhd), Err(AmountError::Form));
        assert_eq!(read("1.250", &bhd), Ok(1250));
        let whole = AmountError::Whole {
            unit: "credit".to_owned(),
        };
        assert_eq!(read("1,5", &Unit::new("credit", 0)), Err(whole));
    }
}
