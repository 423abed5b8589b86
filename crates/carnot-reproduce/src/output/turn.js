// Draws each surface of the report on a canvas and turns it about: drag, pinch, wheel, buttons or keys.
// Without this script the figures stay hidden, and the charts above them show the same surfaces.
"use strict";

const FONT = '"DejaVu Sans", Verdana, sans-serif';
// As in the chart: curves lie a little in front of the surface, texts a little outside of the cube.
const IN_FRONT = 0.07, TICK = 6, GAP = 5;
const DEGREE = Math.PI / 180;

function turn(figure) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const canvas = figure.querySelector("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) return;
  figure.hidden = false;
  const darkness = window.matchMedia("(prefers-color-scheme: dark)");
  const pointers = new Map();
  let view, width = 0, height = 0, waiting = false;

  function reset() {
    view = { azimuth: data.azimuth, elevation: data.elevation, zoom: 1 };
    redraw();
  }

  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  }

  // Sines, cosines and the scale of a view; `project` gives [x, y] in pixels and the nearness.
  function projection(room) {
    const a = view.azimuth * DEGREE, e = view.elevation * DEGREE;
    const right = [-Math.sin(a), Math.cos(a), 0];
    const up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
    const towards = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
    const along = (axis, p) =>
      axis[0] * (p[0] - 0.5) + axis[1] * (p[1] - 0.5) + axis[2] * data.height * (p[2] - 0.5);
    // The cube fits whichever way it is turned about its upright axis.
    const halfHeight = 0.5 * (Math.SQRT2 * Math.sin(e) + data.height * Math.cos(e));
    const fit = Math.min((width / 2 - room[0]) / Math.SQRT1_2, (height / 2 - room[1]) / halfHeight);
    const scale = view.zoom * Math.max(fit, 20);
    const project = p =>
      [width / 2 + scale * along(right, p), height / 2 - scale * along(up, p) - 0.3 * room[1], along(towards, p)];
    return { project, near: towards.map(t => (t > 0 ? 1 : 0)) };
  }

  function draw() {
    const size = width < 480 ? 12 : 15;
    const colours = darkness.matches ? data.dark : data.light;
    const { project, near } = projection([4.6 * size, 3.2 * size]);
    const line = (points, colour, thickness) => {
      pen.beginPath();
      points.forEach((p, k) => (k ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1])));
      pen.strokeStyle = colour;
      pen.lineWidth = thickness;
      pen.stroke();
    };
    pen.clearRect(0, 0, width, height);
    pen.lineJoin = pen.lineCap = "round";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    drawCube(project, near, colours, line, size);
    const pieces = [];
    for (let i = 0; i + 1 < data.rows.length; i++) {
      for (let j = 0; j + 1 < data.rows[i].length; j++) {
        const corners = [data.rows[i][j], data.rows[i][j + 1], data.rows[i + 1][j + 1], data.rows[i + 1][j]];
        if (corners.some(c => !c)) continue;
        const at = corners.map(project);
        const mean = k => (k[0] + k[1] + k[2] + k[3]) / 4;
        pieces.push({ near: mean(at.map(p => p[2])), at, shade: mean(corners.map(c => c[2])) });
      }
    }
    for (const curve of data.curves) {
      for (let k = 0; k + 1 < curve.points.length; k++) {
        if (!curve.points[k] || !curve.points[k + 1]) continue;
        const at = [project(curve.points[k]), project(curve.points[k + 1])];
        pieces.push({ near: (at[0][2] + at[1][2]) / 2 + IN_FRONT, at, curve });
      }
    }
    pieces.sort((a, b) => a.near - b.near);
    for (const piece of pieces) {
      if (piece.curve) {
        line(piece.at, darkness.matches ? piece.curve.dark : piece.curve.light, size / 5);
        continue;
      }
      const colour = shade(colours.ramp, piece.shade);
      line([...piece.at, piece.at[0]], colour, 1);
      pen.fillStyle = colour;
      pen.fill();
      pen.globalAlpha = 0.3;
      line([...piece.at, piece.at[0]], colours.mesh, 0.5);
      pen.globalAlpha = 1;
    }
  }

  // The three far sides with their grids, and the axes: two on the floor towards the viewer, one at the left.
  function drawCube(project, near, colours, line, size) {
    const far = near.map(side => 1 - side);
    data.axes.forEach((axis, k) => {
      for (const [at] of axis.ticks) {
        for (const side of [(k + 1) % 3, (k + 2) % 3]) {
          const ends = [0, 1].map(along => {
            const p = [along, along, along];
            p[k] = at;
            p[side] = far[side];
            return project(p);
          });
          line(ends, colours.grid, 1);
        }
      }
    });
    const [x, y] = near;
    const uprights = [[[x, 1 - y, 0], [2 * x - 1, 1 - 2 * y, 0]], [[1 - x, y, 0], [1 - 2 * x, 2 * y - 1, 0]]];
    uprights.sort((a, b) => project(a[0])[0] - project(b[0])[0]);
    const edges = [[[0, y, 0], [0, 2 * y - 1, 0]], [[x, 0, 0], [2 * x - 1, 0, 0]], uprights[0]];
    data.axes.forEach((axis, k) => drawAxis(axis, k, edges[k], project, colours, line, size));
  }

  function drawAxis(axis, k, [origin, outwards], project, colours, line, size) {
    const along = t => { const p = origin.slice(); p[k] = t; return p; };
    const middle = project(along(0.5)), out = project(along(0.5).map((c, i) => c + outwards[i]));
    const length = Math.hypot(out[0] - middle[0], out[1] - middle[1]) || 1;
    const away = [(out[0] - middle[0]) / length, (out[1] - middle[1]) / length];
    const moved = (p, by) => [p[0] + by * away[0], p[1] + by * away[1]];
    const extent = (w, h) => 0.5 * Math.hypot(w * away[0], h * away[1]);
    line([project(along(0)), project(along(1))], colours.axis, 1.2);
    pen.fillStyle = colours.ink;
    pen.font = `${size}px ${FONT}`;
    let widest = 0;
    for (const [at, text] of axis.ticks) {
      const p = project(along(at)), half = extent(pen.measureText(text).width, size);
      line([p, moved(p, TICK)], colours.axis, 1);
      pen.fillText(text, ...moved(p, TICK + GAP + half));
      widest = Math.max(widest, half);
    }
    const upright = k === 2;
    const half = upright ? size / 2 : extent(pen.measureText(axis.title).width, size);
    pen.save();
    pen.translate(...moved(middle, TICK + 2.6 * GAP + 2 * widest + half));
    if (upright) pen.rotate(-Math.PI / 2);
    pen.fillText(axis.title, 0, 0);
    pen.restore();
  }

  function move(azimuth, elevation, zoom) {
    view.azimuth += azimuth;
    view.elevation = Math.min(90, Math.max(0, view.elevation + elevation));
    view.zoom = Math.min(6, Math.max(0.5, view.zoom * zoom));
    redraw();
  }

  const moves = {
    left: () => move(-10, 0, 1), right: () => move(10, 0, 1), up: () => move(0, 8, 1), down: () => move(0, -8, 1),
    closer: () => move(0, 0, 1.2), farther: () => move(0, 0, 1 / 1.2), reset,
  };
  const keys = {
    ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "closer", "=": "closer",
    "-": "farther", "0": "reset",
  };
  canvas.addEventListener("keydown", event => {
    const name = keys[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves[name]();
  });
  for (const button of figure.querySelectorAll("button")) {
    button.addEventListener("click", () => moves[button.dataset.move]());
  }
  // A wheel scrolls the page unless the surface was chosen by a click; a pinch on a touchpad comes with ctrlKey.
  canvas.addEventListener("wheel", event => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    move(0, 0, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)));
  }, { passive: false });
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
  };
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener("pointermove", event => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const spreadBefore = pointers.size === 2 ? spread() : 1;
    pointers.set(event.pointerId, now);
    if (pointers.size === 1) move(-0.4 * (now[0] - before[0]), 0.4 * (now[1] - before[1]), 1);
    if (pointers.size === 2) move(0, 0, spread() / spreadBefore);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, event => pointers.delete(event.pointerId));
  }
  darkness.addEventListener("change", redraw);
  new ResizeObserver(() => {
    width = canvas.clientWidth;
    height = Math.round(Math.min(0.82 * width, 560));
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.height = `${height}px`;
    pen.setTransform(density, 0, 0, density, 0, 0);
    draw();
  }).observe(figure);
  reset();
}

// As the chart mixes them up to the curvature of the ramp: the nearest of its colours and the next.
function shade(ramp, position) {
  const at = Math.min(1, Math.max(0, position)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(at));
  const mix = ramp[low].map((c, k) => Math.round(c + (at - low) * (ramp[low + 1][k] - c)));
  return `rgb(${mix.join(",")})`;
}

document.querySelectorAll("figure.turn").forEach(turn);
