//! The figures of the paper.

use crate::figure::Figure;

mod equilibrium_surface;
mod exact;
mod exact_processes;
mod free_energy;
mod iso_classification;
mod learned_surface;
mod phase_transitions;

/// A figure of the paper, computed here or still to come.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The name on the command line and of the folder in the output.
    pub name: &'a str,
    /// What the figure shows, in one line.
    pub shows: &'a str,
    /// What computes it; `None` while it is to come.
    pub figure: Option<&'a dyn Figure>,
}

impl<'a> Entry<'a> {
    /// A figure that can be computed.
    #[must_use]
    pub fn available(figure: &'a dyn Figure) -> Self {
        Entry { name: figure.name(), shows: figure.shows(), figure: Some(figure) }
    }

    const fn to_come(name: &'a str, shows: &'a str) -> Self {
        Entry { name, shows, figure: None }
    }
}

/// All figures, in the order of the report.
pub static ALL: [Entry<'static>; 8] = [
    Entry {
        name: equilibrium_surface::NAME,
        shows: equilibrium_surface::SHOWS,
        figure: Some(&equilibrium_surface::EquilibriumSurface),
    },
    Entry { name: free_energy::NAME, shows: free_energy::SHOWS, figure: Some(&free_energy::FreeEnergy) },
    Entry {
        name: phase_transitions::NAME,
        shows: phase_transitions::SHOWS,
        figure: Some(&phase_transitions::PhaseTransitions),
    },
    Entry {
        name: exact_processes::NAME,
        shows: exact_processes::SHOWS,
        figure: Some(&exact_processes::ExactProcesses),
    },
    Entry {
        name: learned_surface::NAME,
        shows: learned_surface::SHOWS,
        figure: Some(&learned_surface::LearnedSurface),
    },
    Entry {
        name: iso_classification::NAME,
        shows: iso_classification::SHOWS,
        figure: Some(&iso_classification::IsoClassification),
    },
    Entry::to_come(
        "transfer-digits",
        "digits 0-4 to digits 5-9 at constant classification loss; against fine-tuning",
    ),
    Entry::to_come(
        "transfer-objects",
        "CIFAR-10 vehicles to animals at constant classification loss; against fine-tuning",
    ),
];
