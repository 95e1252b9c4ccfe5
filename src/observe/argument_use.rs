//! The use of the arguments of a function that are fields of its span.

use record::internal::ValueRoom;

/// The room for arguments in the closing line of a computation, beside plain data that is small.
const CLOSING_LINE_ROOM: ValueRoom = ValueRoom { entries: 64, bytes: 4096 };

/// The arguments that a span has in addition to its fields.
///
/// A failure reads all arguments, also those of the functions around it. The closing line of a failed computation
/// contains only the arguments that it would contain after a success, so that both can be compared.
#[derive(Debug)]
pub(crate) struct ArgumentUse {
    all: Vec<&'static str>,
    /// Arguments that are not in the closing line.
    omitted: Vec<&'static str>,
    /// The room that is left in the closing line.
    pub(crate) room: ValueRoom,
}

impl Default for ArgumentUse {
    fn default() -> Self {
        ArgumentUse { all: Vec::new(), omitted: Vec::new(), room: CLOSING_LINE_ROOM }
    }
}

impl ArgumentUse {
    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.omitted.clear();
        self.room = CLOSING_LINE_ROOM;
    }

    pub(crate) fn add(&mut self, name: &'static str, is_in_closing_line: bool) {
        self.all.push(name);
        if !is_in_closing_line {
            self.omit(name);
        }
    }

    /// Adds arguments that the closing line omits, and sets the room that is left in it.
    pub(crate) fn omit_all(&mut self, names: Vec<&'static str>, room: ValueRoom) {
        names.into_iter().for_each(|name| self.omit(name));
        self.room = room;
    }

    fn omit(&mut self, name: &'static str) {
        if !self.omitted.contains(&name) {
            self.omitted.push(name);
        }
    }

    /// Returns the arguments that the closing line of the function's own computation omits.
    pub(crate) fn omitted(&self) -> &[&'static str] {
        &self.omitted
    }

    /// Returns all arguments. The closing lines of computations inside the function contain none of them.
    pub(crate) fn all(&self) -> &[&'static str] {
        &self.all
    }
}
