//! Tables that fit the width of the terminal.

use std::io::{self, Write};

use text::{truncate_start, truncate_to_width, width};

use super::paint::{self, Style};
use super::stdout::Screen;

const COLUMN_GAP: usize = 2;

/// Maximum width of a cell if the width of the screen is unlimited.
const MAX_CELL_WIDTH: usize = 500;

/// The title and layout of a column.
#[derive(Clone)]
pub(crate) struct Column {
    title: &'static str,
    style: Style,
    align_right: bool,
    /// Minimum width of a column that may shrink; `None` if it never shrinks.
    min_width: Option<usize>,
    truncate_start: bool,
    /// The column is hidden on narrower screens.
    min_screen_width: usize,
}

impl Column {
    pub(crate) const fn new(title: &'static str) -> Self {
        Column {
            title,
            style: paint::PLAIN,
            align_right: false,
            min_width: None,
            truncate_start: false,
            min_screen_width: 0,
        }
    }

    pub(crate) const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Aligns the cells to the right, for numbers.
    pub(crate) const fn align_right(mut self) -> Self {
        self.align_right = true;
        self
    }

    /// Allows the column to shrink to this width if the screen is too narrow.
    pub(crate) const fn min_width(mut self, columns: usize) -> Self {
        self.min_width = Some(columns);
        self
    }

    /// Truncates cells at the start instead of the end.
    pub(crate) const fn truncate_start(mut self) -> Self {
        self.truncate_start = true;
        self
    }

    /// Hides the column on screens that are narrower.
    pub(crate) const fn min_screen_width(mut self, columns: usize) -> Self {
        self.min_screen_width = columns;
        self
    }

    /// The number of columns by which the column may shrink.
    fn shrinkable(&self, width: usize) -> usize {
        self.min_width.map_or(0, |min_width| width.saturating_sub(min_width))
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

    /// Adds a row with one line of text per column.
    pub(crate) fn push_row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Writes the titles and the rows.
    pub(crate) fn write(mut self, screen: &mut Screen) -> io::Result<()> {
        self.drop_hidden_columns(screen.width.unwrap_or(usize::MAX));
        let widths = self.widths(screen.width);
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        self.write_row(screen, &titles, &widths, |_| paint::FAINT)?;
        for row in &self.rows {
            self.write_row(screen, row, &widths, |column| column.style)?;
        }
        Ok(())
    }

    fn drop_hidden_columns(&mut self, screen_width: usize) {
        let is_visible: Vec<bool> = self.columns.iter().map(|column| column.min_screen_width <= screen_width).collect();
        let mut place = is_visible.iter().cycle();
        self.columns.retain(|_| place.next() == Some(&true));
        for row in &mut self.rows {
            let mut place = is_visible.iter();
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
            let text =
                if column.truncate_start { truncate_start(cell, columns) } else { truncate_to_width(cell, columns) };
            let space = columns - width(&text).min(columns);
            let (before, after) = if column.align_right { (space, 0) } else { (0, space) };
            line.extend(std::iter::repeat_n(' ', pending + before));
            line.push_str(&screen.paint(style(column), &text));
            pending = after + COLUMN_GAP;
        }
        writeln!(screen, "{line}")
    }

    /// The widths of the columns: those of their cells, or less if the screen is too narrow. Each column then shrinks
    /// in proportion to the width that it may lose.
    fn widths(&self, screen_width: Option<usize>) -> Vec<usize> {
        let widest = |(index, column): (usize, &Column)| {
            self.rows.iter().map(|row| width(&row[index])).max().unwrap_or(0).clamp(width(column.title), MAX_CELL_WIDTH)
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(widest).collect();
        let needed = widths.iter().sum::<usize>() + COLUMN_GAP * self.columns.len().saturating_sub(1);
        let Some(missing) =
            screen_width.and_then(|screen_width| needed.checked_sub(screen_width)).filter(|missing| *missing > 0)
        else {
            return widths;
        };
        let shrinkable: Vec<usize> =
            self.columns.iter().zip(&widths).map(|(column, width)| column.shrinkable(*width)).collect();
        let all: usize = shrinkable.iter().sum();
        for (width, shrinkable) in widths.iter_mut().zip(shrinkable) {
            *width -= (missing * shrinkable).div_ceil(all.max(1)).min(shrinkable);
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new("SEEN").align_right(),
        Column::new("ERROR").min_width(6),
        Column::new("REFERENCE").min_width(6).truncate_start(),
        Column::new("ID"),
    ];

    #[test]
    fn columns_are_hidden_on_narrow_screens() {
        const COLUMNS: [Column; 3] = [Column::new("A"), Column::new("B").min_screen_width(50), Column::new("C")];
        let mut table = Table::new(&COLUMNS);
        table.push_row(["1", "2", "3"].map(str::to_owned));
        table.drop_hidden_columns(50);
        assert_eq!(table.rows, [["1", "2", "3"]]);
        table.drop_hidden_columns(49);
        assert_eq!((table.columns.len(), &table.rows[0][..]), (2, &["1", "3"].map(str::to_owned)[..]));
    }

    #[test]
    fn columns_shrink_in_proportion_and_some_never_shrink() {
        let mut table = Table::new(&COLUMNS);
        table.push_row(["1", "Diverged: the flow has a pole", "§2, Eq. 12", "3264969e"].map(str::to_owned));
        assert_eq!(table.widths(None), [4, 29, 10, 8]);
        assert_eq!(table.widths(Some(47)), [4, 20, 8, 8]);
        assert_eq!(table.widths(Some(3)), [4, 6, 6, 8]);
    }
}
