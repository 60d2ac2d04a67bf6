//! A series as one volume on the graphics card (WebGL2), cut by planes and seen through slabs.

use dhc_ipc::{FrameHeader, PixelKind};
use web_sys::{HtmlCanvasElement, WebGl2RenderingContext as Gl, WebGlProgram, WebGlTexture};

use super::frame::{Frame, bytes_per_pixel};
use super::gl::{context, link, pixels, storage};
use super::planes::{Grid, Shown, Vector};
use super::window::{Steps, Window};

/// Trilinear by hand, because textures of whole numbers cannot be filtered; the window after the
/// slab, on modality values, as `gl` does.
const FRAGMENT: &str = "#version 300 es
precision highp float;
precision highp int;
uniform highp SAMPLER volume;
uniform vec3 origin, right, down, deep;
uniform vec2 corner, rescale, level;
uniform int samples, slab;
uniform bool inverted, fine;
out vec4 colour;
float at(ivec3 p) {
  ivec3 last = textureSize(volume, 0) - 1;
  return float(texelFetch(volume, clamp(p, ivec3(0), last), 0).x);
}
float value(vec3 q) {
  vec3 s = q - 0.5;
  ivec3 i = ivec3(floor(s));
  vec3 f = fract(s);
  vec4 near = vec4(at(i), at(i + ivec3(1, 0, 0)), at(i + ivec3(0, 1, 0)), at(i + ivec3(1, 1, 0)));
  i.z += 1;
  vec4 far = vec4(at(i), at(i + ivec3(1, 0, 0)), at(i + ivec3(0, 1, 0)), at(i + ivec3(1, 1, 0)));
  vec4 v = mix(near, far, f.z);
  return mix(mix(v.x, v.y, f.x), mix(v.z, v.w, f.x), f.y);
}
void main() {
  vec2 p = vec2(gl_FragCoord.x - corner.x, corner.y - gl_FragCoord.y);
  vec3 q = origin + right * p.x + down * p.y - deep * (float(samples - 1) / 2.0);
  vec3 size = vec3(textureSize(volume, 0));
  float least = 1e30, most = -1e30, sum = 0.0, count = 0.0;
  for (int n = 0; n < samples; n += 1) {
    if (all(greaterThanEqual(q, vec3(0.0))) && all(lessThan(q, size))) {
      float v = value(q);
      least = min(least, v);
      most = max(most, v);
      sum += v;
      count += 1.0;
    }
    q += deep;
  }
  if (count == 0.0) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float stored = slab == 1 ? most : slab == 2 ? least : sum / count;
  float shown = stored * rescale.x + rescale.y;
  float bright = fine
    ? clamp((shown - level.x) / level.y + 0.5, 0.0, 1.0)
    : level.y <= 1.0
    ? (shown <= level.x - 0.5 ? 0.0 : 1.0)
    : clamp((shown - (level.x - 0.5)) / (level.y - 1.0) + 0.5, 0.0, 1.0);
  colour = vec4(vec3(inverted ? 1.0 - bright : bright), 1.0);
}";

/// What of the values along a slab is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    #[default]
    Mean,
    /// MIP.
    Most,
    /// MinIP.
    Least,
}

/// A slab's share of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slab {
    /// Millimetres; 0: the plane alone.
    pub thickness: f64,
    pub projection: Projection,
}

/// Samples along a slab, at most: what a card draws while a finger drags.
const MOST_SAMPLES: f64 = 96.0;

impl Slab {
    /// How many samples, and how far apart, mm: half a voxel where that is not too many.
    fn samples(self, grid: &Grid) -> (i32, f64) {
        let finest = grid.step.iter().copied().fold(f64::INFINITY, f64::min) / 2.0;
        let count = (self.thickness / finest).ceil().clamp(0.0, MOST_SAMPLES);
        if count < 1.0 {
            return (1, 0.0);
        }
        (count as i32 + 1, self.thickness / count)
    }
}

/// Values between black and white.
#[derive(Clone, Copy)]
pub struct Shade {
    pub window: Window,
    pub steps: Steps,
    pub inverted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeError {
    NoWebGl,
    /// Frames of different sizes or scales, or of colours.
    Uneven,
    TooLarge,
}

pub struct Volume {
    gl: Gl,
    canvas: HtmlCanvasElement,
    program: WebGlProgram,
    texture: WebGlTexture,
    grid: Grid,
    /// Of the first frame; all others are alike.
    header: FrameHeader,
}

/// Bytes of a volume on the card, at most.
const MOST_BYTES: u64 = 1 << 30;

impl Volume {
    /// Makes room for a series whose first known frame has this header.
    pub fn new(
        canvas: &HtmlCanvasElement,
        grid: Grid,
        header: &FrameHeader,
    ) -> Result<Self, VolumeError> {
        if header.kind == PixelKind::Rgb8
            || (header.columns, header.rows) != (grid.columns, grid.rows)
        {
            return Err(VolumeError::Uneven);
        }
        let gl = context(canvas).ok_or(VolumeError::NoWebGl)?;
        let longest = gl
            .get_parameter(Gl::MAX_3D_TEXTURE_SIZE)
            .ok()
            .and_then(|most| most.as_f64())
            .unwrap_or(0.0);
        let bytes = [
            grid.columns,
            grid.rows,
            grid.slices,
            bytes_per_pixel(header.kind),
        ]
        .into_iter()
        .map(u64::from)
        .product::<u64>();
        let edge = grid.columns.max(grid.rows).max(grid.slices);
        if f64::from(edge) > longest || bytes > MOST_BYTES {
            return Err(VolumeError::TooLarge);
        }
        let (internal, _, _, sampler) = storage(header.kind);
        let fragment = FRAGMENT.replace("SAMPLER", &sampler.replace("2D", "3D"));
        let program = link(&gl, &fragment).ok_or(VolumeError::NoWebGl)?;
        let texture = gl.create_texture().ok_or(VolumeError::NoWebGl)?;
        gl.bind_texture(Gl::TEXTURE_3D, Some(&texture));
        for (name, value) in [
            (Gl::TEXTURE_MIN_FILTER, Gl::NEAREST),
            (Gl::TEXTURE_MAG_FILTER, Gl::NEAREST),
            (Gl::TEXTURE_WRAP_S, Gl::CLAMP_TO_EDGE),
            (Gl::TEXTURE_WRAP_T, Gl::CLAMP_TO_EDGE),
            (Gl::TEXTURE_WRAP_R, Gl::CLAMP_TO_EDGE),
        ] {
            gl.tex_parameteri(Gl::TEXTURE_3D, name, value as i32);
        }
        gl.tex_storage_3d(
            Gl::TEXTURE_3D,
            1,
            internal,
            grid.columns as i32,
            grid.rows as i32,
            grid.slices as i32,
        );
        if gl.get_error() != Gl::NO_ERROR {
            return Err(VolumeError::TooLarge);
        }
        Ok(Self {
            gl,
            canvas: canvas.clone(),
            program,
            texture,
            grid,
            header: header.clone(),
        })
    }

    /// Puts a frame in its place.
    pub fn put(&self, slice: u32, frame: &Frame) -> Result<(), VolumeError> {
        let (ours, theirs) = (&self.header, &frame.header);
        let scale = |h: &FrameHeader| (h.kind, h.rows, h.columns, h.slope, h.intercept);
        if scale(ours) != scale(theirs) {
            return Err(VolumeError::Uneven);
        }
        let (_, format, kind, _) = storage(ours.kind);
        self.gl.bind_texture(Gl::TEXTURE_3D, Some(&self.texture));
        self.gl.pixel_storei(Gl::UNPACK_ALIGNMENT, 1);
        self.gl
            .tex_sub_image_3d_with_opt_array_buffer_view(
                Gl::TEXTURE_3D,
                0,
                0,
                0,
                slice as i32,
                theirs.columns as i32,
                theirs.rows as i32,
                1,
                format,
                kind,
                Some(&pixels(frame)),
            )
            .map_err(|_| VolumeError::TooLarge)
    }

    /// Draws planes, each in its pane, in the canvas' own pixels. Answers how long it took, ms.
    pub fn draw(&self, planes: &[Shown], slab: Slab, shade: Shade) -> f64 {
        let gl = &self.gl;
        let now = || {
            web_sys::window()
                .and_then(|w| w.performance())
                .map_or(0.0, |p| p.now())
        };
        let begun = now();
        let height = f64::from(self.canvas.height());
        gl.bind_texture(Gl::TEXTURE_3D, Some(&self.texture));
        gl.use_program(Some(&self.program));
        gl.enable(Gl::SCISSOR_TEST);
        let place = |name: &str| gl.get_uniform_location(&self.program, name);
        let vector = |name: &str, [x, y, z]: Vector| {
            gl.uniform3f(place(name).as_ref(), x as f32, y as f32, z as f32);
        };
        let (samples, apart) = slab.samples(&self.grid);
        let projection = match slab.projection {
            Projection::Mean => 0,
            Projection::Most => 1,
            Projection::Least => 2,
        };
        // Float frames carry modality values already.
        let (slope, intercept) = if self.header.kind == PixelKind::F32 {
            (1.0, 0.0)
        } else {
            (self.header.slope, self.header.intercept)
        };
        // A falling scale turns the greatest stored value into the least shown.
        let projection = match projection {
            1 | 2 if slope < 0.0 => 3 - projection,
            as_it_is => as_it_is,
        };
        gl.uniform1i(place("samples").as_ref(), samples);
        gl.uniform1i(place("slab").as_ref(), projection);
        gl.uniform2f(place("rescale").as_ref(), slope as f32, intercept as f32);
        gl.uniform2f(
            place("level").as_ref(),
            shade.window.centre as f32,
            shade.window.width as f32,
        );
        gl.uniform1i(place("inverted").as_ref(), i32::from(shade.inverted));
        gl.uniform1i(
            place("fine").as_ref(),
            i32::from(shade.steps == Steps::Fine),
        );
        for shown in planes {
            let [left, top, wide, high] = shown.pane;
            let bottom = height - top - high;
            let pane = [left, bottom, wide, high].map(|v| v.round() as i32);
            gl.viewport(pane[0], pane[1], pane[2], pane[3]);
            gl.scissor(pane[0], pane[1], pane[2], pane[3]);
            let [origin, right, down, deep] = shown.in_voxels();
            vector("origin", origin);
            vector("right", right);
            vector("down", down);
            vector("deep", deep.map(|v| v * apart));
            gl.uniform2f(place("corner").as_ref(), left as f32, (height - top) as f32);
            gl.draw_arrays(Gl::TRIANGLES, 0, 3);
        }
        gl.disable(Gl::SCISSOR_TEST);
        // Reading a pixel waits for the picture, which `finish` need not do.
        let mut pixel = [0; 4];
        let _ = gl.read_pixels_with_opt_u8_array(
            0,
            0,
            1,
            1,
            Gl::RGBA,
            Gl::UNSIGNED_BYTE,
            Some(&mut pixel),
        );
        now() - begun
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        self.gl.delete_texture(Some(&self.texture));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slab_is_sampled_at_half_voxels_but_never_endlessly() {
        let positions: Vec<f64> = (0..10).map(f64::from).collect();
        let orientation = Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let grid = Grid::of((10, 10), Some([1.0, 1.0]), orientation, &positions).unwrap();
        let samples = |thickness| {
            Slab {
                thickness,
                projection: Projection::Most,
            }
            .samples(&grid)
        };
        assert_eq!(samples(0.0), (1, 0.0));
        assert_eq!(samples(10.0), (21, 0.5));
        assert_eq!(samples(1e6).0, 97);
    }
}
