//! Opens exported files in their order. Several requests to a bucket run at the same time, because each takes long.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::thread::scope;

use record::internal::open_ordinary;

use super::part_place::PartPlace;
use crate::store::part_store::PartSource;

/// Maximum number of requests at the same time.
const MAX_REQUESTS: usize = 8;
/// Maximum number of bytes that are read ahead.
const MAX_BYTES_AHEAD: u64 = 256 << 20;

/// The contents of files, in their order.
pub(crate) struct OpenedParts<'a> {
    rest: &'a [PartPlace<'a>],
    opened: VecDeque<io::Result<PartSource>>,
}

impl<'a> OpenedParts<'a> {
    pub(crate) fn new(places: &'a [PartPlace<'a>]) -> Self {
        OpenedParts { rest: places, opened: VecDeque::new() }
    }
}

impl Iterator for OpenedParts<'_> {
    type Item = io::Result<PartSource>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.opened.is_empty() {
            let (batch, rest) = self.rest.split_at(batch_size(self.rest));
            self.rest = rest;
            self.opened = open_all(batch);
        }
        self.opened.pop_front()
    }
}

/// The number of files that are opened together. Local files need no threads.
fn batch_size(places: &[PartPlace<'_>]) -> usize {
    let mut bytes = 0_u64;
    let parts = places.iter().take(MAX_REQUESTS).take_while(|place| match place {
        PartPlace::File(_) => false,
        PartPlace::Stored(_, part) => {
            bytes = bytes.saturating_add(part.bytes);
            bytes <= MAX_BYTES_AHEAD
        }
    });
    parts.count().max(1).min(places.len())
}

fn open_all(places: &[PartPlace<'_>]) -> VecDeque<io::Result<PartSource>> {
    if let [place] = places {
        return VecDeque::from([open(place)]);
    }
    scope(|scope| {
        let requests: Vec<_> = places.iter().map(|place| scope.spawn(move || open(place))).collect();
        let panicked = |_| Err(io::Error::other("the reading panicked"));
        requests.into_iter().map(|request| request.join().unwrap_or_else(panicked)).collect()
    })
}

fn open(place: &PartPlace<'_>) -> io::Result<PartSource> {
    match place {
        PartPlace::File(path) => open_ordinary(File::options().read(true), path).map(PartSource::File),
        PartPlace::Stored(store, part) => match store.read(&part.name)? {
            Some(content) => Ok(content.source),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "it was deleted during the reading")),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::directory::PartDirectory;
    use crate::store::part_store::StoredPart;

    #[test]
    fn the_order_and_the_size_limit_hold() {
        let dir = tempfile::tempdir().unwrap();
        let store = PartDirectory::new(dir.path());
        let stored = |name: usize, bytes| PartPlace::Stored(&store, StoredPart { name: name.to_string(), bytes });
        let mut places: Vec<_> = (0..20).map(|name| stored(name, 1)).collect();
        for name in (0..20).filter(|name| *name != 3) {
            std::fs::write(dir.path().join(name.to_string()), vec![b'x'; name]).unwrap();
        }
        let sizes: Vec<Option<u64>> = OpenedParts::new(&places)
            .map(|source| match source {
                Ok(PartSource::File(file)) => Some(file.metadata().unwrap().len()),
                _ => None,
            })
            .collect();
        let expected: Vec<Option<u64>> = (0..20).map(|name| (name != 3).then_some(name)).collect();
        assert_eq!(sizes, expected);

        assert_eq!(batch_size(&places), MAX_REQUESTS);
        places[2] = stored(2, MAX_BYTES_AHEAD);
        assert_eq!((batch_size(&places), batch_size(&places[2..]), batch_size(&[])), (2, 1, 0));
        places[0] = PartPlace::File(Path::new("x"));
        assert_eq!(batch_size(&places), 1);
    }
}
