//! Load of a device in the last time: list_performance_history.

use jiff::Timestamp;

use crate::fleet::Label;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list};

/// `result` with one element for each sort of check, each with its `history/data*`: an empty `result` means that the device
/// has no such check.
const SHAPE: Shape = Shape { root: Some("result"), containers: &[] };

/// The newest interval of each part of a device. The names are those of the checks: the same part has two entries where two
/// checks watch it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// `cpu_load`.
    pub processors: Vec<Interval<Vec<Processor>>>,
    /// `memory_usage`: `available_average` in megabytes.
    pub memory: Vec<Interval<Option<f64>>>,
    /// `disk_load/disk*` by `disk`: `read_queue_average` and `write_queue_average`.
    pub disks: Vec<(Label, Interval<[Option<f64>; 2]>)>,
    /// `network_usage/interface*` by `adapter`: `receive_average` and `transmit_average` in kilobytes per second.
    pub adapters: Vec<(Label, Interval<[Option<f64>; 2]>)>,
}

/// What was measured in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval<T> {
    /// `end`; `start` where that cannot be read.
    pub end: Timestamp,
    /// What was measured.
    pub values: T,
}

/// One processor, or all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Processor {
    /// `cpu_id`; `None` when the load stands in `data` itself, as that of all processors.
    pub id: Option<Label>,
    /// `load_average`, percent.
    pub average: Option<f64>,
    /// `load_max`, percent.
    pub most: Option<f64>,
}

/// The most processors in one interval.
const MAX_PROCESSORS: usize = 4096;

/// The fields of `data`, whichever sort of check it is of.
const DATA: &[&str] = &[
    "start",
    "end",
    "load_average",
    "load_max",
    "available_average",
    "read_queue_average",
    "write_queue_average",
    "receive_average",
    "transmit_average",
];
const PROCESSOR: &[&str] = &["cpu_id", "load_average", "load_max"];
const PART: &[&str] = &["disk", "adapter"];

/// One `data`, as read.
struct Data<'a> {
    fields: Fields<'a>,
    processors: Vec<Processor>,
}

/// Reads an answer of list_performance_history that arrived at `now`. Of each part only the newest interval is kept, for
/// answers are large. One that began after `now` is left out, because a clock was wrong; one that is under way ends now.
///
/// # Errors
///
/// When it is none.
pub fn list_performance_history(text: &str, now: Timestamp, tally: &mut Tally) -> Result<History, Error> {
    let mut history = History::default();
    read_list(text, &SHAPE, |name, element| {
        match name {
            "cpu_load" => {
                tally.record()?;
                tally.good();
                let newest = read_part(element, now)?.1;
                history.processors.extend(newest.map(|data| data.map(processors)));
            }
            "memory_usage" => {
                tally.record()?;
                tally.good();
                let newest = read_part(element, now)?.1;
                history.memory.extend(newest.map(|data| data.map(|data| data.fields.quantity("available_average"))));
            }
            "disk_load" => read_parts(element, ["disk", "disk"], now, tally, |name, newest| {
                let queues = newest.map(|data| pair(&data, ["read_queue_average", "write_queue_average"]));
                history.disks.push((name, queues));
            })?,
            "network_usage" => read_parts(element, ["interface", "adapter"], now, tally, |name, newest| {
                let rates = newest.map(|data| pair(&data, ["receive_average", "transmit_average"]));
                history.adapters.push((name, rates));
            })?,
            // Bandwidth is that of a router, cpu_queue has no metric.
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(history)
}

impl<T> Interval<T> {
    fn map<U>(self, of: impl FnOnce(T) -> U) -> Interval<U> {
        Interval { end: self.end, values: of(self.values) }
    }
}

fn pair(data: &Data<'_>, names: [&str; 2]) -> [Option<f64>; 2] {
    names.map(|name| data.fields.quantity(name))
}

/// The processors of one interval, in both of its forms.
fn processors(mut data: Data<'_>) -> Vec<Processor> {
    let average = data.fields.quantity("load_average");
    let most = data.fields.quantity("load_max");
    if average.is_some() || most.is_some() {
        data.processors.push(Processor { id: None, average, most });
    }
    data.processors
}

/// Reads the elements `element` of a section, each with a field `named`, and gives those that have an interval to `each`.
fn read_parts<'a>(
    section: Element<'_, 'a>,
    [element, named]: [&str; 2],
    now: Timestamp,
    tally: &mut Tally,
    mut each: impl FnMut(Label, Interval<Data<'a>>),
) -> Result<(), Error> {
    section.children(|name, child| {
        if name != element {
            return Ok(());
        }
        tally.record()?;
        let (fields, newest) = read_part(child, now)?;
        let name = fields.label(named);
        if name.as_str().is_empty() {
            tally.bad("disk or adapter without name");
            return Ok(());
        }
        tally.good();
        if let Some(newest) = newest {
            each(name, newest);
        }
        Ok(())
    })?;
    Ok(())
}

/// Reads an element that has a `history`: its fields and its newest interval.
fn read_part<'a>(part: Element<'_, 'a>, now: Timestamp) -> Result<(Fields<'a>, Option<Interval<Data<'a>>>), Error> {
    let mut newest: Option<Interval<Data<'a>>> = None;
    let fields = Fields::read_nested(part, PART, |name, element| {
        if name != "history" {
            return Ok(());
        }
        element.children(|name, element| {
            if name != "data" {
                return Ok(());
            }
            let data = read_data(element)?;
            if let Some(end) = end(&data.fields, now)
                && newest.as_ref().is_none_or(|newest| newest.end <= end)
            {
                newest = Some(Interval { end, values: data });
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok((fields, newest))
}

fn read_data<'a>(element: Element<'_, 'a>) -> Result<Data<'a>, Error> {
    let mut processors = Vec::new();
    let fields = Fields::read_nested(element, DATA, |name, element| {
        if name == "cpu" {
            if processors.len() == MAX_PROCESSORS {
                return Err(Error::decode(format!("an interval has more than {MAX_PROCESSORS} elements <cpu>")));
            }
            let fields = Fields::read(element, PROCESSOR, Names::Exact)?;
            processors.push(Processor {
                id: Some(fields.label("cpu_id")),
                average: fields.quantity("load_average"),
                most: fields.quantity("load_max"),
            });
        }
        Ok(())
    })?;
    Ok(Data { fields, processors })
}

/// When an interval ended; `None` for one without a time and for one of the future.
fn end(fields: &Fields<'_>, now: Timestamp) -> Option<Timestamp> {
    let start = fields.utc("start");
    let end = fields.utc("end").or(start)?;
    if end <= now { Some(end) } else { start.filter(|start| *start <= now).map(|_| now) }
}
