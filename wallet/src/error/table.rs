//! Error enums as tables: a variant stands with its text, its code for programs, and what to do.

/// Declares an error enum. Each row is a variant with its fields named, `=>`, its code, which never
/// changes, and the [`Advice`](super::Advice) that goes with it, if there is any.
macro_rules! error_table {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $(
                $(#[$meta:meta])*
                $variant:ident
                $( ( $($bound:ident: $type:ty),+ ) )?
                $( { $( $(#[$field_meta:meta])* $field:ident: $field_type:ty, )+ } )?
                => $code:literal $(, $advice:expr)?;
            )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$meta])*
                $variant
                $( ( $($type),+ ) )?
                $( { $( $(#[$field_meta])* $field: $field_type, )+ } )?,
            )+
        }

        impl $name {
            /// A short name of the error for programs; never changes.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $code, )+ }
            }

            /// Returns what to do, in this order; empty when there is nothing to do.
            #[must_use]
            #[allow(unused_variables, reason = "a row need not use all its fields")]
            pub fn advice(&self) -> Vec<$crate::error::Advice> {
                match self {
                    $(
                        Self::$variant $( ( $($bound),+ ) )? $( { $($field),+ } )? => {
                            vec![$($advice)?]
                        }
                    )+
                }
            }
        }
    };
}

pub(crate) use error_table;
