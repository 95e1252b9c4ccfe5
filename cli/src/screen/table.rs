//! Rows in columns, as wide as the terminal.

use std::io::{self, Write};

use super::paint::{self, Style};
use super::{Screen, fit, width};

const GAP: usize = 2;

/// One column: its title and how it looks.
pub(crate) struct Column {
    title: &'static str,
    style: Style,
    right: bool,
    /// Columns that it keeps where there is no room; `None` where it is never cut.
    least: Option<usize>,
}

impl Column {
    pub(crate) const fn new(title: &'static str) -> Self {
        Column { title, style: paint::PLAIN, right: false, least: None }
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
}

pub(crate) struct Table<'a> {
    columns: &'a [Column],
    rows: Vec<Vec<String>>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(columns: &'a [Column]) -> Self {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row: one line of text for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Writes the titles and the rows.
    pub(crate) fn write(&self, screen: &mut Screen) -> io::Result<()> {
        let widths = self.widths(screen.width);
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        self.write_row(screen, &titles, &widths, |_| paint::FAINT)?;
        for row in &self.rows {
            self.write_row(screen, row, &widths, |column| column.style)?;
        }
        Ok(())
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
            let text = fit(cell, columns);
            let space = columns - width(&text).min(columns);
            let (before, after) = if column.right { (space, 0) } else { (0, space) };
            line.extend(std::iter::repeat_n(' ', pending + before));
            line.push_str(&screen.paint(style(column), &text));
            pending = after + GAP;
        }
        writeln!(screen, "{line}")
    }

    /// As wide as what is in them, and where that is too wide, the widest become narrower first.
    fn widths(&self, room: Option<usize>) -> Vec<usize> {
        let widest = |(index, column): (usize, &Column)| {
            self.rows.iter().map(|row| width(&row[index])).max().unwrap_or(0).max(width(column.title))
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(widest).collect();
        let Some(room) = room else { return widths };
        let gaps = GAP * self.columns.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > room {
            let can_shrink = |&index: &usize| self.columns[index].least.is_some_and(|least| widths[index] > least);
            let widest = (0..widths.len()).filter(can_shrink).max_by_key(|&index| widths[index]);
            let Some(widest) = widest else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::new("SEEN").right(), Column::new("ERROR").least(6), Column::new("ID")];

    #[test]
    fn the_widest_column_gives_way_and_some_never_do() {
        let mut table = Table::new(&COLUMNS);
        table.row(["1".into(), "Diverged: the flow has a pole".into(), "3264969e".into()]);
        assert_eq!(table.widths(None), [4, 29, 8]);
        assert_eq!(table.widths(Some(40)), [4, 24, 8]);
        assert_eq!(table.widths(Some(3)), [4, 6, 8]);
    }
}
