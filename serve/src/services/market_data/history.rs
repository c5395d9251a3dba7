//! Days that are kept, and their replays, as they are asked for.

use super::MarketData;
use super::days::{DayView, DaysView, Kept, Part, ReplayChunks, ReplayQuery, SegmentView};
use crate::domain::{MarketTime, Problem, ProblemKind};
use crate::driver::Stage;

impl MarketData {
    /// Returns the days that are kept.
    ///
    /// # Errors
    /// [`Problem`] if the journal cannot be listed.
    pub async fn kept_days(&self) -> Result<DaysView, Problem> {
        let kept = self.days.kept(self.is_day_open()).await?;
        let time = |at| MarketTime::new(at, &self.zone);
        let mut days: Vec<DayView> = Vec::new();
        for Kept { segment, number, settled, is_open, bytes } in kept {
            let header = &segment.header;
            let view = SegmentView {
                segment: number,
                opened_at: header.opens.map(time),
                settled_at: settled.map(time),
                is_open,
                bytes,
            };
            match days.last_mut().filter(|day| day.day == header.day_name) {
                Some(day) => day.segments.push(view),
                None => days.push(DayView {
                    day: header.day_name.clone(),
                    number: header.day,
                    segments: vec![view],
                }),
            }
        }
        Ok(DaysView { days })
    }

    /// Returns a part of the replay of a day that is over, as lines of JSON.
    ///
    /// # Errors
    /// [`Problem`] if there is no such day or listing, the day is not over, or its replay is not there yet.
    pub async fn replay_of(&self, query: &ReplayQuery) -> Result<ReplayChunks, Problem> {
        let (_, snapshot) = self.find(&query.symbol)?;
        if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
            let problem =
                Problem::new(ProblemKind::Refused, "invalid_parameter", "`from` is later than `to`");
            return Err(problem.at("from"));
        }
        let mut kept = self.days.kept(self.is_day_open()).await?;
        kept.retain(|it| it.segment.header.day_name == query.day);
        if kept.is_empty() {
            let problem =
                Problem::new(ProblemKind::NotFound, "unknown_day", format!("no day {:?} is kept", query.day));
            return Err(problem.at("day").hint("GET /api/days lists what there is"));
        }
        kept.retain(|it| !it.is_open);
        if kept.is_empty() {
            let problem = Problem::new(ProblemKind::Conflict, "day_is_open", "this day is not over");
            return Err(
                problem.hint("its book and trades so far are in /api/book/snapshot and on the WebSocket")
            );
        }
        let listing = &snapshot.listing;
        let mut chunks = ReplayChunks::default();
        for Kept { segment, .. } in &kept {
            let (symbol, venue) = (listing.instrument.symbol(), listing.venue.as_str());
            let wanted = Part { symbol, venue, from: query.from, to: query.to };
            self.days.part(&mut chunks, segment, &self.zone, wanted).await?;
        }
        Ok(chunks)
    }

    /// Returns whether the newest segment of the journal may be written to.
    fn is_day_open(&self) -> bool {
        !matches!(self.market.status().stage, Stage::BetweenDays { .. } | Stage::Stopped)
    }
}
