//! A limit for the size of a page.

use maud::Markup;

/// The number of bytes that the items of a section may have.
#[derive(Debug)]
pub(crate) struct SizeBudget(usize);

impl SizeBudget {
    /// Creates a budget of this many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        SizeBudget(bytes)
    }

    /// Returns the items that fit, up to the first that does not.
    pub(crate) fn take(&mut self, items: impl IntoIterator<Item = Markup>) -> Vec<Markup> {
        let mut taken = Vec::new();
        for item in items {
            let Some(rest) = self.0.checked_sub(item.0.len()) else { break };
            self.0 = rest;
            taken.push(item);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_end_where_the_budget_ends() {
        let items = || ["four", "more", "a"].map(|text| maud::PreEscaped(text.to_owned()));
        let mut budget = SizeBudget::new(7);
        assert_eq!(budget.take(items()).len(), 1);
        assert_eq!(budget.take(items().into_iter().skip(2)).len(), 1);
    }
}
