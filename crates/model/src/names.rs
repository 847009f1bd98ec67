//! One macro for closed vocabularies: an enum whose variants carry their wire name and their
//! documentation, so that code, JSON, docs and user-written causes use the same words.

/// Declares a field-less enum with `as_str`, `ALL`, `parse` and `Display` over its wire names.
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $wire:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl $name {
            /// Every word of this vocabulary, in the order of its declaration.
            pub const ALL: &'static [$name] = &[ $( $name::$variant, )+ ];

            /// The word used on the wire and in documents.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $wire, )+ }
            }

            /// What the word means, from its documentation.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( $name::$variant => concat!($($doc, "\n"),+), )+ }
            }

            /// The word's value, or `None` if the vocabulary lacks it.
            #[must_use]
            pub fn parse(word: &str) -> Option<$name> {
                match word { $( $wire => Some($name::$variant), )+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use vocabulary;
