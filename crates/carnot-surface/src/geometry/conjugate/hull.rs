//! The lower convex hull of samples.

/// The vertices of the lower convex hull, and what it cost to find them.
pub(super) struct Hull {
    /// The numbers of the samples that are vertices, ascending; empty where no value is finite. Samples on an edge are
    /// not vertices.
    pub(super) vertices: Vec<usize>,
    /// How many slopes were compared.
    pub(super) comparisons: usize,
}

/// The slope from one sample to another.
pub(super) fn slope(x: &[f64], f: &[f64], from: usize, to: usize) -> f64 {
    (f[to] - f[from]) / (x[to] - x[from])
}

/// Andrew's monotone chain on sorted arguments: each sample enters once and leaves at most once, so that at most twice
/// as many slopes are compared as there are samples.
pub(super) fn lower_hull(x: &[f64], f: &[f64]) -> Hull {
    let (mut vertices, mut comparisons) = (Vec::<usize>::new(), 0);
    for sample in (0..x.len()).filter(|&sample| f[sample] < f64::INFINITY) {
        while let [.., before, last] = vertices[..] {
            comparisons += 1;
            if slope(x, f, before, last) < slope(x, f, last, sample) {
                break;
            }
            vertices.pop();
        }
        vertices.push(sample);
    }
    Hull { vertices, comparisons }
}
