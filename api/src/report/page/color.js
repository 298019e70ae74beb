// The color scale: even steps of lightness from violet through teal to yellow, so that it reads without color vision
// and in gray print. Computed in OKLCH (Ottosson, "A perceptual color space for image processing", 2020).

const SCALE_STEPS = 256;

// One channel of linear light as a byte of sRGB (IEC 61966-2-1).
function gammaByte(linear) {
  const clamped = Math.min(1, Math.max(0, linear));
  const encoded = clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255);
}

function oklch(lightness, chroma, hueDegrees) {
  const hue = hueDegrees * Math.PI / 180;
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return [
    gammaByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gammaByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gammaByte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
  ];
}

// More is further from the paper: darker on light, lighter on dark (Schloss et al., "Mapping color to meaning", 2019).
function scaleFor(dark) {
  const [from, to] = dark ? [0.33, 0.92] : [0.93, 0.30];
  return Array.from({ length: SCALE_STEPS }, (_, step) => {
    const share = step / (SCALE_STEPS - 1);
    const lightness = from + (to - from) * share;
    const depth = (0.93 - lightness) / 0.63;
    const chroma = 0.075 + 0.075 * Math.sin(Math.PI * Math.min(1, Math.max(0, 0.15 + depth * 0.75)));
    return { css: "rgb(" + oklch(lightness, chroma, 102 + 200 * depth).join(" ") + ")", lightness };
  });
}

const SCALES = { light: scaleFor(false), dark: scaleFor(true) };

function isDark() {
  return !document.documentElement.dataset.print && matchMedia("screen and (prefers-color-scheme: dark)").matches;
}

function scaleColor(share) {
  const scale = isDark() ? SCALES.dark : SCALES.light;
  return scale[Math.round(Math.min(1, Math.max(0, share)) * (SCALE_STEPS - 1))];
}

function scaleGradient() {
  const stops = Array.from({ length: 11 }, (_, stop) => scaleColor(stop / 10).css);
  return "linear-gradient(to right, " + stops.join(", ") + ")";
}

// A color of the page's own, so that canvases follow its theme.
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
