//! Charts as SVG and PNG.

use carnot_reproduce::chart::{
    Axis, Band, Chart, ChartError, Colour, Marker, Palette, Panel, Rule, Series, png,
};

fn panel(title: &str) -> Panel {
    Panel::new(title, Axis::log("λ").reversed(), Axis::linear("C / C₀"))
        .band(Band::across("±5 %", Colour::Grey, 0.95, 1.05))
        .rule(Rule::horizontal("", 1.0))
        .series(
            Series::line("held", Colour::Blue, [(2.0, 1.0, 0.02), (1.0, 1.01, 0.02), (0.25, 0.99, 0.02)])
                .marker(Marker::Circle),
        )
        .series(
            Series::line("free", Colour::Vermillion, [(2.0, 1.0), (0.25, 0.6)])
                .marker(Marker::Square)
                .dashed(),
        )
}

#[test]
fn what_panels_share_stands_once_in_the_legend() {
    let lone = panel("b").series(Series::line("lone", Colour::Green, [(1.0, 0.8)]));
    let chart = Chart::new("test", 2, vec![panel("a"), lone]);
    let svg = chart.svg(Palette::Light).unwrap();
    for name in ["held", "free", "lone", "±5 %"] {
        assert_eq!(svg.matches(&format!(">\n{name}\n<")).count(), 1, "{name}");
    }
}

#[test]
fn the_palettes_differ_and_drawing_is_deterministic() {
    let chart = Chart::new("test", 1, vec![panel("a")]);
    let (light, dark) = (chart.svg(Palette::Light).unwrap(), chart.svg(Palette::Dark).unwrap());
    assert_ne!(light, dark);
    assert_eq!(light, chart.svg(Palette::Light).unwrap());
    assert!(light.contains("#0072B2") && !dark.contains("#0072B2"));
}

#[test]
fn numbers_that_cannot_be_drawn_are_left_out() {
    let values = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e308, 5e-324];
    let points: Vec<(f64, f64)> = values.iter().flat_map(|x| values.map(|y| (*x, y))).collect();
    for (x, y) in [
        (Axis::log("x"), Axis::log("y")),
        (Axis::linear("x"), Axis::linear("y")),
        (Axis::log("x").range(3.0, 1.0), Axis::linear("y").range(0.0, f64::NAN)),
    ] {
        let series = Series::line("s", Colour::Orange, points.clone()).marker(Marker::Diamond).dashed();
        let band = Band::along("b", Colour::Purple, values.map(|v| (v, v, v)));
        let svg = Chart::new("test", 3, vec![Panel::new("p", x, y).series(series).band(band)])
            .svg(Palette::Dark)
            .unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        png(&svg, 0.5).unwrap();
    }
}

#[test]
fn the_png_has_the_size_asked_for_and_ink_on_its_ground() {
    let svg = Chart::new("test", 1, vec![panel("a")]).svg(Palette::Light).unwrap();
    let size = |name: &str| -> u32 {
        svg.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let bytes = png(&svg, 2.0).unwrap();
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((word(16), word(20)), (2 * size(" width"), 2 * size(" height")), "width and height of IHDR");
    let empty = png(&svg.replace("<text", "<desc").replace("</text", "</desc"), 2.0).unwrap();
    assert!(bytes.len() > empty.len() + 5_000, "text is drawn with the embedded font");
}

#[test]
fn a_chart_without_panels_is_an_error() {
    assert!(matches!(Chart::new("", 2, vec![]).svg(Palette::Light), Err(ChartError::NoPanels)));
    assert!(matches!(png("no svg", 1.0), Err(ChartError::Pixels(_))));
}
