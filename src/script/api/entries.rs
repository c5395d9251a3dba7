//! [`Api`]: the list of what scripts can call and read.

/// A function of the language of strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiEntry {
    /// Its group: a heading of the reference page.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its arguments and result, such as `(quantity: number, options?: text | map) -> Order`: `?` marks
    /// optional arguments, `|` separates types.
    pub signature: &'static str,
    /// Its description, one sentence.
    pub about: &'static str,
    /// An example: a line that runs in `on_timer`.
    pub example: &'static str,
    /// Whether it can also be called on a market, as in `market("ACME").buy(10)`.
    pub on_markets: bool,
}

impl ApiEntry {
    /// Returns its arguments, in parentheses.
    #[must_use]
    pub fn arguments(&self) -> &'static str {
        self.signature.split_once(" ->").map_or(self.signature, |(arguments, _)| arguments)
    }
}

/// A field of an object that scripts read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldEntry {
    /// The object's type, such as `Bar`.
    pub owner: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// Its type.
    pub value: &'static str,
    /// Its description.
    pub about: &'static str,
}

/// The whole language of strategies, beyond Rhai itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// The functions, by group.
    pub functions: Vec<ApiEntry>,
    /// The fields of objects, object by object.
    pub fields: Vec<FieldEntry>,
}

impl Api {
    /// Returns the function of that name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&ApiEntry> {
        self.functions.iter().find(|entry| entry.name == name)
    }

    /// Returns the fields of a type.
    pub fn fields_of<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a FieldEntry> {
        self.fields.iter().filter(move |entry| entry.owner == owner)
    }
}
