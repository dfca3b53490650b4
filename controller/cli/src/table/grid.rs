//! How tables are drawn, whatever is in them.

use std::io::IsTerminal;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};

/// How wide a text may be, and whether it may be coloured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Columns of the terminal, where there is one and it is asked for.
    pub(crate) terminal: bool,
    /// A fixed width instead.
    pub(crate) width: Option<u16>,
    /// Colours.
    pub(crate) colour: bool,
}

impl Look {
    /// What suits stdout: a terminal wraps and colours, a pipe does neither.
    pub(crate) fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            terminal,
            width: None,
            colour,
        }
    }
}

/// An empty table without lines, as kubectl draws them.
pub(crate) fn table(header: &[&str], look: Look) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    if look.terminal || look.width.is_some() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    if let Some(width) = look.width {
        table.set_width(width);
    }
    // Ids and names are for copying: only the last column, which is prose, is wrapped.
    for column in table.column_iter_mut().take(header.len().saturating_sub(1)) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    if look.colour {
        table.enforce_styling();
    } else if !look.terminal {
        table.force_no_tty();
    }
    table
}

/// A word, coloured where colours are wanted.
pub(crate) fn tinted(word: &str, colour: Option<Color>, look: Look) -> Cell {
    let cell = Cell::new(word);
    match colour.filter(|_| look.colour) {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// The table as text, without the blanks that pad its last column; `None` if it has no rows.
pub(crate) fn drawn(table: &Table) -> Option<String> {
    (!table.is_empty()).then(|| {
        let lines = table
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    })
}
