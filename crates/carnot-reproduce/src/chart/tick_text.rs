//! The texts at the ticks.

/// Texts of equally spaced ticks, all with the same number of decimals, and their common factor.
pub(super) fn linear_texts(ticks: &[f64]) -> (Vec<String>, String) {
    let largest = ticks.iter().fold(0.0f64, |m, t| m.max(t.abs()));
    let power =
        if largest > 0.0 && !(1e-2..1e5).contains(&largest) { largest.log10().floor() as i32 } else { 0 };
    let scaled: Vec<f64> = ticks.iter().map(|t| t / 10f64.powi(power)).collect();
    let spacing = scaled.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
    let tolerance = if spacing.is_finite() { 1e-3 * spacing } else { 1e-9 };
    let exact = |decimals: i32| {
        let unit = 10f64.powi(decimals);
        scaled.iter().all(|t| ((t * unit).round() / unit - t).abs() <= tolerance)
    };
    let decimals = (0..12).find(|d| exact(*d)).unwrap_or(12) as usize;
    let texts = scaled
        .iter()
        .map(|t| {
            // Adding zero turns -0 into 0.
            let rounded = if t.abs() <= tolerance { 0.0 } else { *t };
            format!("{rounded:.decimals$}").replace('-', "\u{2212}")
        })
        .collect();
    let factor = if power == 0 { String::new() } else { format!("×10{}", superscript(power)) };
    (texts, factor)
}

/// Plain decimals while all of them are short, else powers of ten.
pub(super) fn log_texts(ticks: &[f64]) -> Vec<String> {
    let plain = ticks.iter().all(|t| (1e-3..1e5).contains(&(t * (1.0 + 1e-12))));
    ticks
        .iter()
        .map(|tick| {
            if plain {
                return format!("{}", (tick * 1e9).round() / 1e9);
            }
            let power = (tick.log10() + 1e-9).floor() as i32;
            let digit = tick / 10f64.powi(power);
            if (digit - 1.0).abs() < 1e-6 {
                format!("10{}", superscript(power))
            } else {
                format!("{}×10{}", (digit * 1e6).round() / 1e6, superscript(power))
            }
        })
        .collect()
}

fn superscript(power: i32) -> String {
    power
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect()
}
