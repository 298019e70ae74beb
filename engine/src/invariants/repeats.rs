//! A repeat gets the first answer, whatever happened since, unless it is too old to be remembered.

use std::collections::BTreeMap;

use super::{Step, Violation};
use crate::authority::{Answer, Effect, Event, HolderId, Reason, Request, RequestId};

#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    first: BTreeMap<(HolderId, RequestId), (Request, Answer)>,
}

impl Repeats {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        let Event::Request(request) = step.event else { return Ok(()) };
        let answers = step.effects.iter().filter_map(|effect| match effect {
            Effect::Answer(answer) => Some(answer),
            _ => None,
        });
        let answers: Vec<&Answer> = answers.collect();
        let (holder, name) = (request.holder, request.request);
        let violation = Violation::OtherAnswer { request: name };
        let [answer] = answers[..] else { return Err(violation) };
        let reason = match answer {
            Answer::Refused(refusal) => Some(refusal.reason),
            _ => None,
        };
        if matches!(reason, Some(Reason::TooOld { .. } | Reason::NotYetSent)) {
            return Ok(());
        }
        let Some((first, first_answer)) = self.first.get(&(holder, name)) else {
            if reason == Some(Reason::ReusedId) {
                return Err(violation);
            }
            self.first.insert((holder, name), (request.clone(), answer.clone()));
            return Ok(());
        };
        let is_same = Request { first_sent: request.first_sent, ..first.clone() } == *request;
        let is_right = if is_same { answer == first_answer } else { reason == Some(Reason::ReusedId) };
        if is_right { Ok(()) } else { Err(violation) }
    }
}
