//! Charts as SVG and PNG.

use carnot_reproduce::chart::{
    AnyPanel, Axis, Band, Chart, ChartError, Colour, Field, Marker, Palette, Panel, Rule, Series, Surface,
    png,
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
    assert!(matches!(Chart::new("", 2, Vec::<Panel>::new()).svg(Palette::Light), Err(ChartError::NoPanels)));
    assert!(matches!(png("no svg", 1.0), Err(ChartError::Pixels(_))));
}

/// A map of `x + y` on the unit square, with numbers between 0 and 2 but for those of `hole`.
fn map(hole: impl Fn(usize, usize) -> f64) -> Panel {
    let steps: Vec<f64> = (0..=20).map(|k| f64::from(k) / 20.0).collect();
    let sum = |column: usize, row: usize| steps[column] + steps[row] + hole(column, row);
    let field = Field::tabulated(Axis::linear("F").unit("nats").ticks([0.5, 1.0, 1.5]), &steps, &steps, sum);
    let axis = |name: &str| Axis::linear(name).range(0.0, 1.0);
    Panel::new("map", axis("x"), axis("y")).ground(field)
}

#[test]
fn a_field_has_numbered_contours_and_a_bar() {
    let svg = Chart::new("test", 1, vec![map(|_, _| 0.0)]).svg(Palette::Light).unwrap();
    assert!(svg.contains(">\nF (nats)\n<"), "the bar is labelled");
    for level in ["0.5", "1.0", "1.5"] {
        // Once at the bar and once on its contour line; the axes write 0.0, 0.2, ..., 1.0.
        let expected = if level == "1.0" { 4 } else { 2 };
        assert_eq!(svg.matches(&format!(">\n{level}\n<")).count(), expected, "{level}");
    }
}

#[test]
fn a_field_is_painted_from_its_lowest_band_to_its_highest() {
    let svg = Chart::new("test", 1, vec![map(|_, _| 0.0)]).svg(Palette::Light).unwrap();
    let luma = |element: &str| -> u32 {
        let colour = element.split("fill=\"#").nth(1).unwrap();
        let part = |at: usize| u32::from_str_radix(&colour[at..at + 2], 16).unwrap();
        part(0) + part(2) + part(4)
    };
    let painted: Vec<u32> = svg.split("<polygon").skip(1).map(luma).collect();
    // Each region above a level lies in the one before, and more is darker on a light ground.
    assert!(painted.len() > 8 && painted.windows(2).all(|pair| pair[0] > pair[1]), "{painted:?}");
    // A hollow is the other way round: its middle is painted last, and is the palest but for what lies under all.
    let hollow = |column: usize, row: usize| {
        let from_middle = |k: usize| (k as f64 - 10.0).powi(2) / 100.0;
        // Without the hills that the corners would be.
        (from_middle(column) + from_middle(row)).min(1.0) - (column + row) as f64 / 20.0
    };
    let svg = Chart::new("test", 1, vec![map(hollow)]).svg(Palette::Light).unwrap();
    let painted: Vec<u32> = svg.split("<polygon").skip(1).map(luma).collect();
    assert!(painted.last() == painted.iter().skip(1).max(), "{painted:?}");
}

#[test]
fn what_a_field_lacks_shows_the_ground() {
    let whole = Chart::new("test", 1, vec![map(|_, _| 0.0)]);
    let hole = |column: usize, row: usize| if column.max(row) < 5 { f64::NAN } else { 0.0 };
    let cut = Chart::new("test", 1, vec![map(hole)]);
    let lone = |panel: Panel| Chart::new("test", 1, vec![panel]).svg(Palette::Light).unwrap();
    assert_ne!(whole.svg(Palette::Light).unwrap(), cut.svg(Palette::Light).unwrap());
    for value in [f64::NAN, f64::INFINITY] {
        let svg = lone(map(|_, _| value));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
    let empty = Field::tabulated(Axis::log("F"), &[], &[], |_, _| 1.0);
    lone(Panel::new("empty", Axis::log("x"), Axis::log("y")).ground(empty));
}

/// A saddle over the unit square with a curve along its middle.
fn saddle(height: impl Fn(f64, f64) -> f64) -> Surface {
    let steps: Vec<f64> = (0..=8).map(|k| f64::from(k) / 8.0).collect();
    let rows = steps.iter().map(|x| steps.iter().map(|y| [*x, *y, height(*x, *y)]).collect()).collect();
    let axes = ["D", "C", "R"].map(|name| Axis::linear(name).unit("nats").range(0.0, 1.0));
    Surface::new("saddle", axes, rows).curve(
        "ridge",
        Colour::Vermillion,
        steps.iter().map(|x| [*x, 0.5, height(*x, 0.5)]),
    )
}

#[test]
fn a_surface_is_painted_from_the_farthest_patch_to_the_nearest() {
    let svg = |surface: Surface| Chart::new("test", 1, vec![surface]).svg(Palette::Light).unwrap();
    let flat = svg(saddle(|_, _| 0.5));
    // One polygon for each of the 64 patches, and no other.
    assert_eq!(flat.matches("<polygon").count(), 64);
    assert!(flat.contains(">\nridge\n<") && flat.contains(">\nR (nats)\n<"));
    // Of a plane seen from above the first patch painted is the highest in the picture, the last the lowest.
    let heights: Vec<f64> = flat
        .split("<polygon")
        .skip(1)
        .map(|element| {
            let points = element.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
            points.split_whitespace().map(|p| p.split(',').nth(1).unwrap().parse::<f64>().unwrap()).sum()
        })
        .collect();
    assert!(heights[0] < heights[63]);
    assert!(heights.windows(2).all(|pair| pair[0] <= pair[1] + 8.0), "{heights:?}");
    assert_ne!(flat, svg(saddle(|_, _| 0.5).seen_from(80.0, 24.0)));
    // A point outside of the axes, or none at all, takes the four patches around it.
    for bad in [f64::NAN, 1.5] {
        let holed = svg(saddle(|x, y| if (x, y) == (0.25, 0.25) { bad } else { 0.5 }));
        assert_eq!(holed.matches("<polygon").count(), 60, "{bad}");
    }
}

#[test]
fn only_surfaces_can_be_turned() {
    let chart = Chart::new("test", 2, vec![AnyPanel::from(panel("a")), saddle(|x, y| x * y).into()]);
    let turnables = chart.turnables();
    assert_eq!(turnables.len(), 1);
    let json = serde_json::to_value(&turnables[0]).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 9);
    // The corner of the cube: the largest coordinates.
    assert_eq!(json["rows"][8][8], serde_json::json!([1.0, 1.0, 1.0]));
    assert_eq!(
        (&json["axes"][2]["title"], &json["curves"][0]["name"]),
        (&"R (nats)".into(), &"ridge".into())
    );
    assert!(!Chart::new("test", 1, vec![panel("a")]).has_surface() && chart.has_surface());
}
