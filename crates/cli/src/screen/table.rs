//! Rows in columns, as wide as the terminal.

use std::io::{self, Write};

use tracing_failure_advice::shared::{fit, fit_end, width};

use super::paint::{self, Style};
use super::stdout::Screen;

const GAP: usize = 2;

/// A cell is not wider, where there is room for any.
const WIDEST: usize = 500;

/// One column: its title and how it looks.
#[derive(Clone)]
pub(crate) struct Column {
    title: &'static str,
    style: Style,
    right: bool,
    /// Columns that it keeps where there is no room; `None` where it is never cut.
    least: Option<usize>,
    keep_end: bool,
    /// Columns of the terminal below which it is left out.
    from: usize,
}

impl Column {
    pub(crate) const fn new(title: &'static str) -> Self {
        Column { title, style: paint::PLAIN, right: false, least: None, keep_end: false, from: 0 }
    }

    pub(crate) const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Aligned to the right, as numbers are.
    pub(crate) const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// Cut where the terminal is too narrow, though not below so many columns.
    pub(crate) const fn least(mut self, columns: usize) -> Self {
        self.least = Some(columns);
        self
    }

    /// Cut at its beginning: the end tells more.
    pub(crate) const fn keep_end(mut self) -> Self {
        self.keep_end = true;
        self
    }

    /// Left out where the terminal is narrower.
    pub(crate) const fn from(mut self, columns: usize) -> Self {
        self.from = columns;
        self
    }

    /// By how much it can be narrower.
    fn spare(&self, width: usize) -> usize {
        self.least.map_or(0, |least| width.saturating_sub(least))
    }
}

pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: one line of text for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Writes the titles and the rows.
    pub(crate) fn write(mut self, screen: &mut Screen) -> io::Result<()> {
        self.leave_out(screen.width.unwrap_or(usize::MAX));
        let widths = self.widths(screen.width);
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        self.write_row(screen, &titles, &widths, |_| paint::FAINT)?;
        for row in &self.rows {
            self.write_row(screen, row, &widths, |column| column.style)?;
        }
        Ok(())
    }

    fn leave_out(&mut self, room: usize) {
        let stays: Vec<bool> = self.columns.iter().map(|column| column.from <= room).collect();
        let mut place = stays.iter().cycle();
        self.columns.retain(|_| place.next() == Some(&true));
        for row in &mut self.rows {
            let mut place = stays.iter();
            row.retain(|_| place.next() == Some(&true));
        }
    }

    fn write_row(
        &self,
        screen: &mut Screen,
        cells: &[String],
        widths: &[usize],
        style: impl Fn(&Column) -> Style,
    ) -> io::Result<()> {
        let mut line = String::new();
        let mut pending = 0;
        for ((column, cell), &columns) in self.columns.iter().zip(cells).zip(widths) {
            let text = if column.keep_end { fit_end(cell, columns) } else { fit(cell, columns) };
            let space = columns - width(&text).min(columns);
            let (before, after) = if column.right { (space, 0) } else { (0, space) };
            line.extend(std::iter::repeat_n(' ', pending + before));
            line.push_str(&screen.paint(style(column), &text));
            pending = after + GAP;
        }
        writeln!(screen, "{line}")
    }

    /// As wide as what is in them. Where that is too wide, each gives way in proportion to what it can.
    fn widths(&self, room: Option<usize>) -> Vec<usize> {
        let widest = |(index, column): (usize, &Column)| {
            self.rows.iter().map(|row| width(&row[index])).max().unwrap_or(0).clamp(width(column.title), WIDEST)
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(widest).collect();
        let needed = widths.iter().sum::<usize>() + GAP * self.columns.len().saturating_sub(1);
        let Some(missing) = room.and_then(|room| needed.checked_sub(room)).filter(|missing| *missing > 0) else {
            return widths;
        };
        let spare: Vec<usize> = self.columns.iter().zip(&widths).map(|(column, width)| column.spare(*width)).collect();
        let all: usize = spare.iter().sum();
        for (width, spare) in widths.iter_mut().zip(spare) {
            *width -= (missing * spare).div_ceil(all.max(1)).min(spare);
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new("SEEN").right(),
        Column::new("ERROR").least(6),
        Column::new("REFERENCE").least(6).keep_end(),
        Column::new("ID"),
    ];

    #[test]
    fn some_are_left_out_where_it_is_narrow() {
        const COLUMNS: [Column; 3] = [Column::new("A"), Column::new("B").from(50), Column::new("C")];
        let mut table = Table::new(&COLUMNS);
        table.row(["1", "2", "3"].map(str::to_owned));
        table.leave_out(50);
        assert_eq!(table.rows, [["1", "2", "3"]]);
        table.leave_out(49);
        assert_eq!((table.columns.len(), &table.rows[0][..]), (2, &["1", "3"].map(str::to_owned)[..]));
    }

    #[test]
    fn columns_give_way_in_proportion_and_some_never_do() {
        let mut table = Table::new(&COLUMNS);
        table.row(["1", "Diverged: the flow has a pole", "§2, Eq. 12", "3264969e"].map(str::to_owned));
        assert_eq!(table.widths(None), [4, 29, 10, 8]);
        assert_eq!(table.widths(Some(47)), [4, 20, 8, 8]);
        assert_eq!(table.widths(Some(3)), [4, 6, 6, 8]);
    }
}
