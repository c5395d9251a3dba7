//! Rows of what strategies output: log, series, tables of their own.

use std::sync::Arc;

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::row::RecordedCell;
use crate::record::table::Table;
use bearpit_core::market::{Cell, Finite};
use bearpit_core::units::{ActorId, SimTime};

impl RowGroups {
    /// Adds a line of a strategy's log.
    pub(super) fn line(
        &mut self,
        at: SimTime,
        owner: ActorId,
        kind: &'static str,
        text: &Arc<str>,
    ) -> Result<(), RecordError> {
        self.add(Table::Log, |group, _, interner| {
            group.time(at).word(interner.actor(owner)).say(interner, kind).text(Some(Arc::clone(text)));
        })
    }

    /// Adds a number of a strategy's series.
    pub(super) fn plotted(
        &mut self,
        at: SimTime,
        owner: ActorId,
        series: &Arc<str>,
        value: Option<Finite>,
    ) -> Result<(), RecordError> {
        self.add(Table::Series, |group, _, interner| {
            group
                .time(at)
                .word(interner.actor(owner))
                .text(Some(Arc::clone(series)))
                .number(value.map(Finite::get));
        })
    }

    /// Adds a cell of a row of a strategy's table.
    pub(super) fn recorded(&mut self, recorded: RecordedCell<'_>) -> Result<(), RecordError> {
        let RecordedCell { at, owner, table, number, column, cell } = recorded;
        // Text, or the digits of an integer, which a double may not hold.
        let text = match cell {
            Cell::Text(text) => Some(Arc::clone(text)),
            Cell::Int(value) => Some(value.to_string().into()),
            Cell::Bool(_) | Cell::Float(_) => None,
        };
        self.add(Table::Records, |group, _, interner| {
            group.time(at).word(interner.actor(owner)).text(Some(Arc::clone(table))).count(Some(number));
            group.text(Some(Arc::clone(column))).say(interner, cell.kind()).number(cell.number()).text(text);
        })
    }
}
