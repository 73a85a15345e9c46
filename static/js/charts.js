// Draws charts from the small description in a <script type="application/json">; colours are the page's tokens.
// kinds: "bridge" (steps), "lines" and "columns" (labels and series). docs/design-system.md describes the fields.
const NARROW = 560;
const GLYPH = 6.2; // pixels that a digit takes at most
const drawn = new Map();
let loading = null;

function plotly() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ||= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = document.querySelector('meta[name="plotly"]').content;
    script.onload = () => done(window.Plotly);
    script.onerror = () => {
      loading = null;
      failed(new Error("The chart library did not load"));
    };
    document.head.append(script);
  });
  return loading;
}

function tokens() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"), soft: read("ink-soft"), line: read("line"), surface: read("surface"), raised: read("surface-raised"), fx: read("fx"),
    roles: {
      beginning: read("neutral"), ending: read("neutral"), neutral: read("neutral"), accent: read("accent"), fx: read("fx"),
      new: read("gain-new"), expansion: read("gain-expansion"), reactivation: read("gain-reactivation"),
      contraction: read("loss-contraction"), churn: read("loss-churn"), gain: read("gain"), loss: read("loss"), other: read("fx"),
    },
    edges: { fx: read("fx"), expansion: read("gain"), reactivation: read("gain"), contraction: read("loss") }, // tints alone are too faint
    font: getComputedStyle(document.body).fontFamily,
  };
}

const pixels = (amount, exponent = 0) => (amount === null || amount === undefined ? null : Number(amount) / 10 ** exponent);

function frame(colours, chart, narrow) {
  const axis = { color: colours.soft, gridcolor: colours.line, linecolor: colours.line, zerolinecolor: colours.soft, tickfont: { size: 12 }, fixedrange: true, automargin: true };
  return {
    autosize: true,
    margin: { t: 28, r: 8, b: 32, l: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: colours.font, size: narrow ? 11 : 12, color: colours.ink },
    separators: chart.separators || ".,",
    hoverlabel: { bgcolor: colours.raised, bordercolor: colours.line, font: { family: colours.font, size: 13, color: colours.ink }, align: "left" },
    xaxis: { ...axis, showgrid: false, type: "category", tickangle: 0 },
    yaxis: { ...axis, zeroline: true, ticklabelposition: "outside", nticks: 6, tickformat: chart.percent ? ".0%" : "," },
    showlegend: false,
    bargap: 0.36,
  };
}

// Where the axis starts: at zero, unless the steps would be too small to read; then the bars that stand on it are shown cut.
function floorOf(levels) {
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  if (low <= 0 || (high - low) / high > 0.25) return 0;
  const room = (high - low) * 0.6 || high * 0.05;
  const step = 10 ** Math.floor(Math.log10(room));
  return Math.max(0, Math.floor((low - room) / step) * step);
}

function cuts(colours, positions, floor, height) {
  return positions.flatMap((x) => [0.1, 0.13].map((share) => ({
    type: "line", xref: "x", yref: "y", x0: x - 0.36, x1: x + 0.36, y0: floor + height * share, y1: floor + height * (share + 0.03),
    line: { color: colours.surface, width: 3 },
  })));
}

function bridge(chart, colours, narrow, width) {
  const steps = [];
  let level = 0;
  for (const step of chart.steps) {
    const amount = pixels(step.amount, chart.exponent);
    const whole = step.role === "beginning" || step.role === "ending";
    const base = whole ? 0 : level;
    level = whole ? amount : level + amount;
    steps.push({ ...step, base, amount, level, whole });
  }
  const floor = floorOf(steps.filter((step) => step.whole || step.amount).map((step) => step.level));
  const top = Math.max(...steps.map((step) => Math.max(step.level, step.base)));
  const layout = frame(colours, chart, narrow);
  const room = width / steps.length;
  const longest = Math.max(...steps.map((step) => step.text.length));
  const upright = longest * GLYPH > room; // amounts that would touch each other stand upright
  const fitted = (label) => (label.length * GLYPH > room ? label.replaceAll(" ", "<br>") : label);
  const height = (top - floor) * (upright ? 1.4 : 1.12) || 1;
  layout.yaxis.tickformat = `,.${Math.max(0, 1 - Math.floor(Math.log10(height)))}f`;
  layout.yaxis.range = [Math.min(floor, ...steps.map((step) => step.level)), floor + height];
  layout.shapes = steps.slice(0, -1).map((step, x) => ({
    type: "line", xref: "x", yref: "y", x0: x + 0.32, x1: x + 0.68, y0: step.level, y1: step.level, line: { color: colours.soft, width: 1 },
  }));
  if (floor > 0) layout.shapes.push(...cuts(colours, steps.flatMap((step, x) => (step.whole ? [x] : [])), floor, height));
  const trace = {
    type: "bar",
    x: steps.map((step) => (narrow ? step.short || step.label : fitted(step.label))),
    base: steps.map((step) => (step.whole ? floor : step.base)),
    y: steps.map((step) => (step.whole ? step.amount - floor : step.amount)),
    text: steps.map((step) => step.text),
    textposition: "none",
    customdata: steps.map((step) => step.url || ""),
    hovertext: steps.map((step) => [step.text, step.reported && `as reported ${step.reported}`, step.parts].filter(Boolean).join("<br>")),
    hovertemplate: "<b>%{x}</b><br>%{hovertext}<extra></extra>",
    marker: {
      color: steps.map((step) => colours.roles[step.role] || colours.fx),
      pattern: { shape: steps.map((step) => (step.role === "fx" ? "/" : "")), fillmode: "replace", size: 6, solidity: 0.35, fgcolor: colours.fx, bgcolor: colours.surface },
      line: { width: steps.map((step) => (colours.edges[step.role] ? 1 : 0)), color: steps.map((step) => colours.edges[step.role] || colours.fx) },
    },
  };
  layout.annotations = steps.map((step, x) => ({
    x, y: Math.max(step.level, step.base), text: step.text, showarrow: false, yanchor: "bottom", yshift: 2, textangle: upright ? -90 : 0,
    font: { color: colours.ink, size: narrow ? 11 : 12, weight: step.whole ? 600 : 400 },
  }));
  if (narrow) Object.assign(layout.xaxis, { tickangle: -40 });
  return { traces: [trace], layout, cut: floor > 0 };
}

function mark(series, colours) {
  const colour = colours.roles[series.role] || colours.roles.neutral;
  const edge = colours.edges[series.role];
  const hatch = edge ? { line: { width: 1, color: edge } } : {};
  if (series.role === "fx") hatch.pattern = { shape: "/", fillmode: "replace", size: 6, solidity: 0.35, fgcolor: colours.fx, bgcolor: colours.surface };
  return { colour, hatch };
}

function shared(chart, series) {
  return {
    name: series.name,
    x: chart.labels,
    y: series.values.map((value) => pixels(value, chart.exponent)),
    text: series.texts || series.values,
    customdata: series.urls || chart.labels.map(() => ""),
    hovertemplate: `<b>${series.name}</b>, %{x}<br>%{text}<extra></extra>`,
    textposition: "none",
  };
}

// Of many names under the axis only some are written, so that none lies on another.
function thin(layout, chart, narrow) {
  const places = narrow ? 4 : 12; // labels that find room side by side
  if (chart.labels.length > places) layout.xaxis.nticks = places;
}

function lines(chart, colours, narrow) {
  const layout = frame(colours, chart, narrow);
  const dashes = ["solid", "dash", "dot", "dashdot"];
  const traces = chart.series.map((series, index) => ({
    ...shared(chart, series),
    type: "scatter",
    mode: chart.labels.length > 14 ? "lines" : "lines+markers",
    connectgaps: false,
    line: { color: mark(series, colours).colour, width: 2.25, dash: dashes[index % dashes.length] },
    marker: { size: 6, color: mark(series, colours).colour },
  }));
  layout.yaxis.rangemode = chart.from_zero === false ? "normal" : "tozero";
  layout.showlegend = traces.length > 1;
  thin(layout, chart, narrow);
  layout.hovermode = "x unified";
  if (chart.breaks?.length) breaks(chart, layout, colours);
  return { traces, layout };
}

// Where another definition begins: an upright dashed line before the month, with its name above it.
function breaks(chart, layout, colours) {
  layout.shapes = chart.breaks.map(({ at }) => ({
    type: "line", xref: "x", yref: "paper", x0: at - 0.5, x1: at - 0.5, y0: 0, y1: 1, line: { color: colours.ink, width: 1, dash: "dash" },
  }));
  layout.annotations = chart.breaks.map(({ at, text }) => ({
    x: at - 0.5, y: 1, xref: "x", yref: "paper", text, showarrow: false, xanchor: "center", yanchor: "bottom",
    font: { size: 11, color: colours.ink },
  }));
}

function columns(chart, colours, narrow) {
  const layout = frame(colours, chart, narrow);
  const traces = chart.series.map((series) => {
    const { colour, hatch } = mark(series, colours);
    return { ...shared(chart, series), type: "bar", marker: { color: colour, ...hatch } };
  });
  layout.barmode = chart.stacked === false ? "group" : "relative";
  thin(layout, chart, narrow);
  layout.showlegend = traces.length > 1;
  return { traces, layout };
}

const KINDS = { bridge, lines, columns };

function go(url) {
  if (!url) return;
  const link = document.createElement("a");
  link.href = url;
  if (new URL(url, location.href).searchParams.has("why")) link.className = "why";
  document.body.append(link);
  link.click();
  link.remove();
}

function draw(place, chart) {
  const colours = tokens();
  const narrow = place.clientWidth < NARROW;
  const { traces, layout, cut } = KINDS[chart.kind](chart, colours, narrow, place.clientWidth);
  if (layout.showlegend) {
    layout.legend = { orientation: "h", x: 0, y: chart.breaks?.length ? 1.14 : 1.02, yanchor: "bottom", font: { size: 12, color: colours.soft }, itemclick: false, itemdoubleclick: false };
    layout.margin.t = 44;
  }
  const wait = place.querySelector(".chart-wait");
  if (wait) wait.remove();
  const note = place.parentElement.querySelector("[data-chart-cut]");
  if (note) note.hidden = !cut;
  window.Plotly.react(place, traces, layout, { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false, showTips: false });
  place.classList.toggle("chart-clickable", traces.some((trace) => trace.customdata?.some(Boolean)));
  if (!drawn.has(place)) place.on("plotly_click", (event) => go(event.points[0]?.customdata));
  drawn.set(place, chart);
}

async function start(place) {
  const source = document.getElementById(place.dataset.chart);
  if (!source || drawn.has(place)) return;
  try {
    await plotly();
    await document.fonts.ready;
    draw(place, JSON.parse(source.textContent));
  } catch (error) {
    const said = document.createElement("p");
    said.className = "chart-wait";
    said.textContent = "The chart could not be drawn. The same figures stand in the table below.";
    place.replaceChildren(said);
    console.error(error);
  }
}

const find = (root) => {
  if (root.matches?.("[data-chart]")) start(root);
  root.querySelectorAll?.("[data-chart]").forEach(start);
};
find(document);
document.addEventListener("htmx:load", (event) => find(event.target));
document.addEventListener("theme:change", () => {
  for (const [place, chart] of drawn) {
    if (document.contains(place)) draw(place, chart);
    else drawn.delete(place);
  }
});
