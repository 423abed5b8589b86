#![doc = include_str!("../README.md")]

#[cfg(doctest)]
mod readme {
    #![doc = include_str!("../../README.md")]
}

#[cfg(doctest)]
mod introduction {
    #![doc = include_str!("book/introduction.md")]
}

#[cfg(doctest)]
mod theory {
    #![doc = include_str!("book/theory.md")]
}

#[cfg(doctest)]
mod gaussian {
    #![doc = include_str!("book/gaussian.md")]
}

#[cfg(doctest)]
mod discrete {
    #![doc = include_str!("book/discrete.md")]
}

#[cfg(doctest)]
mod geometry {
    #![doc = include_str!("book/geometry.md")]
}

#[cfg(doctest)]
mod processes {
    #![doc = include_str!("book/processes.md")]
}

#[cfg(doctest)]
mod networks {
    #![doc = include_str!("book/networks.md")]
}

#[cfg(doctest)]
mod architecture {
    #![doc = include_str!("book/architecture.md")]
}

#[cfg(doctest)]
mod reproducing {
    #![doc = include_str!("book/reproducing.md")]
}

/// A chapter that no module above includes would not be compiled.
#[cfg(test)]
mod tests {
    const SUMMARY: &str = include_str!("book/SUMMARY.md");
    const THIS: &str = include_str!("lib.rs");

    #[test]
    fn every_chapter_of_the_summary_is_compiled() {
        let chapters: Vec<&str> =
            SUMMARY.lines().filter_map(|line| Some(line.split_once("](")?.1.trim_end_matches(')'))).collect();
        assert!(chapters.len() >= 7, "the summary names {chapters:?}");
        for chapter in chapters {
            assert!(THIS.contains(&format!("\"book/{chapter}\"")), "{chapter} is not compiled");
        }
    }
}
