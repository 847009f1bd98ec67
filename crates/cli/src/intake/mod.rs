//! Intake: files, directories, patterns, archives and standard input, to records in a digest.
//!
//! Sources are numbered by their names before anything is read, files are cut into blocks of a
//! fixed size, and each worker has a digest of its own. So the result depends neither on the order
//! of the arguments nor on the number of workers.

mod archive;
mod awslogs;
mod blocks;
mod complaints;
mod container;
mod find;
mod frames;
mod nginx_conf;
mod part;
mod plan;
mod stream;
mod utf16;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use dialects::reader::Options;
use engine::Place;
use model::{Complaint, Event, SourceSummary, Tally};

use crate::progress::Progress;
use complaints::Trouble;
use container::Opened;
use part::{Feed, Part};
use plan::{Origin, Plan, Source};
use stream::{Blocks, End, Known};

/// What takes in the records: a mergeable digest.
pub(crate) trait Gather: Send {
    fn new() -> Self;
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>);
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, place: Place, record: &str);
    /// Records of the dialect were understood, even if they told nothing.
    fn saw(&mut self, dialect: &'static str);
    fn merge(&mut self, other: Self);
}

/// How to read.
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) threads: usize,
    pub(crate) progress: bool,
    pub(crate) sizes: Sizes,
}

impl Settings {
    /// As without any option: all cores, no progress line.
    pub(crate) fn usual() -> Settings {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Settings {
            options: Options::default(),
            threads: cores.min(MOST_THREADS),
            progress: false,
            sizes: Sizes::default(),
        }
    }
}

/// More workers than this would each need buffers beyond what is promised.
pub(crate) const MOST_THREADS: usize = 32;

/// In which pieces the sources are read. What is read does not depend on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of a block; plain files larger than this are read in blocks by all workers. At least 1.
    pub(crate) block: u64,
    /// Bytes taken from a stream before they are parsed. At least 1.
    pub(crate) chunk: usize,
}

impl Default for Sizes {
    fn default() -> Sizes {
        // A chunk is larger than a head and smaller than a core's cache.
        Sizes { block: 1 << 20, chunk: 256 << 10 }
    }
}

/// What was read.
pub(crate) struct Reading<G> {
    pub(crate) gather: G,
    pub(crate) sources: Vec<SourceSummary>,
    pub(crate) complaints: Vec<Complaint>,
    /// The source whose stamps state the zone in which other sources were read, and the zone.
    pub(crate) zone_from: Option<(String, i32)>,
    /// For each source, the number of lines before each of its blocks.
    lines_before: Vec<Vec<u64>>,
}

impl<G> Reading<G> {
    /// The line number in its source, from 1.
    pub(crate) fn line_of(&self, place: Place) -> u64 {
        line_of(&self.lines_before, place.source as usize, place.block, place.line)
    }
}

fn line_of(lines_before: &[Vec<u64>], source: usize, block: u32, line: u32) -> u64 {
    let before = lines_before.get(source).and_then(|blocks| blocks.get(block as usize));
    before.copied().unwrap_or(0) + u64::from(line) + 1
}

/// Reads everything the arguments name, except for the files in `apart`, which are known to be no logs.
pub(crate) fn read<G: Gather>(
    arguments: &[PathBuf],
    apart: &HashSet<PathBuf>,
    settings: &Settings,
) -> Reading<G> {
    let sizes = settings.sizes;
    let plan =
        plan::plan(find::find(arguments, apart), apart, settings.options.clone(), sizes.block);
    let tasks = tasks(&plan.sources, sizes.block);
    let next = AtomicUsize::new(0);
    let bytes = AtomicU64::new(0);
    let current = AtomicUsize::new(0);
    let shared =
        Shared { plan: &plan, tasks: &tasks, sizes, next: &next, bytes: &bytes, current: &current };
    let workers = settings.threads.clamp(1, tasks.len().max(1));
    let total = plan.sources.iter().map(|source| source.size).sum();
    let mut progress = settings.progress.then(|| Progress::new(total));

    let done: Vec<Worker<G>> = thread::scope(|scope| {
        let (alive, finished) = mpsc::channel::<()>();
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                let (shared, alive) = (&shared, alive.clone());
                scope.spawn(move || {
                    let worker = Worker::run(shared);
                    drop(alive);
                    worker
                })
            })
            .collect();
        drop(alive);
        if let Some(progress) = &mut progress {
            while finished.recv_timeout(Progress::INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout)
            {
                let name = plan.sources.get(current.load(Ordering::Relaxed));
                let name = name.map_or("", |source| source.name.as_str());
                progress.show(bytes.load(Ordering::Relaxed), name);
            }
            progress.erase();
        }
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    finish(plan, done)
}

/// A piece of work: a block of a plain file, or a whole source.
#[derive(Clone, Copy)]
struct Task {
    source: u32,
    block: Option<u32>,
}

/// Whole sources first, the largest of them first, so that what is left for the end is small.
fn tasks(sources: &[Source], block: u64) -> Vec<Task> {
    let mut whole: Vec<u32> = Vec::new();
    let mut blocks = Vec::new();
    for (number, source) in (0..).zip(sources) {
        if source.blocks.is_some() {
            let count = u32::try_from(source.size.div_ceil(block)).unwrap_or(u32::MAX);
            blocks.extend((0..count).map(|block| Task { source: number, block: Some(block) }));
        } else {
            whole.push(number);
        }
    }
    whole.sort_by_key(|&number| std::cmp::Reverse(sources[number as usize].size));
    whole.into_iter().map(|source| Task { source, block: None }).chain(blocks).collect()
}

struct Shared<'a> {
    plan: &'a Plan,
    tasks: &'a [Task],
    sizes: Sizes,
    next: &'a AtomicUsize,
    /// Bytes taken from the sources as stored.
    bytes: &'a AtomicU64,
    /// The source that was begun last.
    current: &'a AtomicUsize,
}

struct Worker<G> {
    gather: G,
    parts: HashMap<u32, Part>,
    troubles: Vec<(u32, Trouble)>,
}

impl<G: Gather> Worker<G> {
    fn run(shared: &Shared<'_>) -> Worker<G> {
        let mut worker = Worker { gather: G::new(), parts: HashMap::new(), troubles: Vec::new() };
        let (mut buffer, mut scratch) = (Vec::new(), Vec::new());
        while let Some(task) = shared.tasks.get(shared.next.fetch_add(1, Ordering::Relaxed)) {
            let Some(source) = shared.plan.sources.get(task.source as usize) else { continue };
            shared.current.store(task.source as usize, Ordering::Relaxed);
            let part = worker.parts.entry(task.source).or_default();
            let feed = Feed::new(&mut worker.gather, part, task.source, task.block.unwrap_or(0));
            let outcome = match task.block {
                Some(block) => read_block(shared, source, block, feed, &mut buffer, &mut scratch),
                None => read_whole(shared, source, feed, &mut buffer),
            };
            let trouble = match outcome {
                Ok(None) => continue,
                Ok(Some(trouble)) => trouble,
                Err(error) => Trouble::Unreadable(error),
            };
            worker.troubles.push((task.source, trouble));
        }
        worker
    }
}

fn read_whole<G: Gather>(
    shared: &Shared<'_>,
    source: &Source,
    mut feed: Feed<'_, G>,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Trouble>> {
    let options = source.options(&shared.plan.options);
    source.with_bytes(|bytes| {
        let counted = Counted { inner: bytes, bytes: shared.bytes };
        // Even the head of a compressed file may be damaged.
        let mut text = match container::open(counted) {
            Ok(Opened::Text(text)) => text,
            Ok(Opened::Archive(kind)) => return Ok(Some(Trouble::Unpack(kind))),
            Err(error) => return Ok(Some(damage(error))),
        };
        let known = Known::Options(options);
        let (blocks, chunk) = (Blocks::PerChunk, shared.sizes.chunk);
        let end = stream::read(&mut text, &known, blocks, chunk, &mut feed, buffer);
        Ok(trouble(end))
    })
}

fn read_block<G: Gather>(
    shared: &Shared<'_>,
    source: &Source,
    block: u32,
    mut feed: Feed<'_, G>,
    buffer: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) -> io::Result<Option<Trouble>> {
    let (Origin::File(path), Some(profile)) = (&source.origin, &source.blocks) else {
        return Ok(None);
    };
    let mut file = File::open(path)?;
    let Sizes { block: bytes, chunk } = shared.sizes;
    let (from, to) = blocks::span(&mut file, source.size, bytes, u64::from(block), scratch)?;
    if from == to {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(from))?;
    let mut text = Counted { inner: file.take(to - from), bytes: shared.bytes };
    let known = Known::Profile(profile);
    let end = stream::read(&mut text, &known, Blocks::One, chunk, &mut feed, buffer);
    Ok(trouble(end))
}

fn trouble(end: End) -> Option<Trouble> {
    match end {
        End::Whole => None,
        End::Empty => Some(Trouble::Empty),
        End::Binary => Some(Trouble::Binary),
        End::Failed(error) => Some(damage(error)),
    }
}

/// Decompressors report a missing end and damage by these kinds; the rest is the system's.
fn damage(error: io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Trouble::Truncated,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            Trouble::Corrupt(error)
        }
        _ => Trouble::Unreadable(error),
    }
}

/// Counts the bytes taken for the progress line.
struct Counted<'a, R> {
    inner: R,
    bytes: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn finish<G: Gather>(plan: Plan, workers: Vec<Worker<G>>) -> Reading<G> {
    let Plan { sources, mut complaints, zone_from, .. } = plan;
    let mut parts: Vec<Part> = sources.iter().map(|_| Part::default()).collect();
    let mut troubles: Vec<(u32, Trouble)> = Vec::new();
    let mut gather: Option<G> = None;
    for worker in workers {
        for (source, part) in worker.parts {
            parts[source as usize].merge(part);
        }
        troubles.extend(worker.troubles);
        match &mut gather {
            Some(gather) => gather.merge(worker.gather),
            None => gather = Some(worker.gather),
        }
    }
    // One complaint a source is enough, however many of its blocks met with the same.
    troubles.sort_by_key(|(source, _)| *source);
    troubles.dedup_by_key(|(source, _)| *source);
    complaints.extend(
        troubles.into_iter().map(|(source, trouble)| trouble.about(&sources[source as usize].name)),
    );
    let mut lines_before = Vec::with_capacity(parts.len());
    let mut summaries = Vec::with_capacity(parts.len());
    for (number, (source, mut part)) in sources.into_iter().zip(parts).enumerate() {
        let lines = number_lines(&mut part.blocks, &mut lines_before);
        part.dialects.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let examples: Vec<(u64, String)> = part
            .examples
            .into_iter()
            .map(|(block, line, text)| (line_of(&lines_before, number, block, line), text))
            .collect();
        let unread = part.unread;
        // A document on one line has many records.
        let read: u64 = part.dialects.iter().map(|(_, records)| records).sum();
        let records = lines.max(unread + read);
        if part.overlong > 0 {
            complaints.push(Trouble::Overlong(part.overlong).about(&source.name));
        }
        if unread > part.overlong && part.dialects.is_empty() {
            complaints.push(Trouble::Unknown(lines).about(&source.name));
        } else if unread * 20 > records {
            let first = examples.first().map_or(1, |(line, _)| *line);
            complaints.push(Trouble::PartlyUnknown(unread, records, first).about(&source.name));
        }
        summaries.push(SourceSummary {
            name: source.name,
            bytes: part.bytes,
            lines,
            dialects: part.dialects,
            unread,
            unread_examples: examples,
        });
    }
    let complaints = complaints::condense(complaints);
    let gather = gather.unwrap_or_else(G::new);
    Reading { gather, sources: summaries, complaints, zone_from, lines_before }
}

/// Turns the lines of blocks into the number of lines before each, and returns their sum.
fn number_lines(blocks: &mut [(u32, u32)], lines_before: &mut Vec<Vec<u64>>) -> u64 {
    blocks.sort_unstable();
    let mut before = Vec::new();
    let mut sum = 0;
    for (block, lines) in blocks {
        before.resize(*block as usize + 1, sum);
        sum += u64::from(*lines);
    }
    lines_before.push(before);
    sum
}
