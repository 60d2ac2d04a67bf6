//! Draws a frame with WebGL2: the stored values go to the graphics card as they are, and the
//! window is applied there, so that changing it costs nothing.

use dhc_ipc::PixelKind;
use wasm_bindgen::JsCast;
use web_sys::{
    HtmlCanvasElement, WebGl2RenderingContext as Gl, WebGlProgram, WebGlShader, WebGlTexture,
};

use super::frame::Frame;
use super::window::{Steps, Window};

const VERTEX: &str = "#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}";

/// Bilinear by hand, because textures of whole numbers cannot be filtered; the window after it,
/// on modality values (DICOM PS3.3 C.11.2.1.2.1, C.11.2.1.3.2).
const FRAGMENT: &str = "#version 300 es
precision highp float;
precision highp int;
uniform highp SAMPLER image;
uniform vec2 right, down, origin, canvas;
uniform vec2 rescale, level;
uniform bool inverted, fine;
out vec4 colour;
vec3 at(ivec2 p) {
  ivec2 last = textureSize(image, 0) - 1;
  return vec3(texelFetch(image, clamp(p, ivec2(0), last), 0).xyz);
}
void main() {
  vec2 p = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y);
  vec2 q = right * p.x + down * p.y + origin;
  vec2 size = vec2(textureSize(image, 0));
  if (any(lessThan(q, vec2(0.0))) || any(greaterThanEqual(q, size))) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  vec2 s = q - 0.5;
  ivec2 i = ivec2(floor(s));
  vec2 f = fract(s);
  vec3 v = mix(mix(at(i), at(i + ivec2(1, 0)), f.x), mix(at(i + ivec2(0, 1)), at(i + ivec2(1, 1)), f.x), f.y);
#ifdef COLOUR
  vec3 shade = v;
#else
  // Nothing was measured here.
  if (isnan(v.x)) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float value = v.x * rescale.x + rescale.y;
  float bright = fine
    ? clamp((value - level.x) / level.y + 0.5, 0.0, 1.0)
    : level.y <= 1.0
    ? (value <= level.x - 0.5 ? 0.0 : 1.0)
    : clamp((value - (level.x - 0.5)) / (level.y - 1.0) + 0.5, 0.0, 1.0);
  vec3 shade = vec3(bright);
#endif
  colour = vec4(inverted ? 1.0 - shade : shade, 1.0);
}";

/// How a kind of pixel is kept on the card: internal format, format, type, sampler.
pub const fn storage(kind: PixelKind) -> (u32, u32, u32, &'static str) {
    match kind {
        PixelKind::U8 => (Gl::R8UI, Gl::RED_INTEGER, Gl::UNSIGNED_BYTE, "usampler2D"),
        PixelKind::U16 => (Gl::R16UI, Gl::RED_INTEGER, Gl::UNSIGNED_SHORT, "usampler2D"),
        PixelKind::I16 => (Gl::R16I, Gl::RED_INTEGER, Gl::SHORT, "isampler2D"),
        PixelKind::F32 => (Gl::R32F, Gl::RED, Gl::FLOAT, "sampler2D"),
        PixelKind::Rgb8 => (Gl::RGB8, Gl::RGB, Gl::UNSIGNED_BYTE, "sampler2D"),
    }
}

/// A frame's pixels as the card takes them, without a copy.
pub fn pixels(frame: &Frame) -> js_sys::Object {
    let header = &frame.header;
    let count = header.rows * header.columns;
    match header.kind {
        PixelKind::U8 => {
            js_sys::Uint8Array::new_with_byte_offset_and_length(&frame.buffer, frame.offset, count)
                .into()
        }
        PixelKind::Rgb8 => js_sys::Uint8Array::new_with_byte_offset_and_length(
            &frame.buffer,
            frame.offset,
            count * 3,
        )
        .into(),
        PixelKind::U16 => {
            js_sys::Uint16Array::new_with_byte_offset_and_length(&frame.buffer, frame.offset, count)
                .into()
        }
        PixelKind::I16 => {
            js_sys::Int16Array::new_with_byte_offset_and_length(&frame.buffer, frame.offset, count)
                .into()
        }
        PixelKind::F32 => js_sys::Float32Array::new_with_byte_offset_and_length(
            &frame.buffer,
            frame.offset,
            count,
        )
        .into(),
    }
}

/// `None` where the machine has no WebGL2.
pub fn context(canvas: &HtmlCanvasElement) -> Option<Gl> {
    let options = web_sys::WebGlContextAttributes::new();
    options.set_alpha(false);
    options.set_antialias(false);
    options.set_depth(false);
    // So that a picture of the page shows the film.
    options.set_preserve_drawing_buffer(true);
    canvas
        .get_context_with_context_options("webgl2", &options)
        .ok()??
        .dyn_into()
        .ok()
}

/// A program of this fragment shader over the whole viewport.
pub fn link(gl: &Gl, fragment: &str) -> Option<WebGlProgram> {
    let program = gl.create_program()?;
    gl.attach_shader(&program, &shader(gl, Gl::VERTEX_SHADER, VERTEX)?);
    gl.attach_shader(&program, &shader(gl, Gl::FRAGMENT_SHADER, fragment)?);
    gl.link_program(&program);
    gl.get_program_parameter(&program, Gl::LINK_STATUS)
        .as_bool()?
        .then_some(program)
}

fn shader(gl: &Gl, kind: u32, source: &str) -> Option<WebGlShader> {
    let shader = gl.create_shader(kind)?;
    gl.shader_source(&shader, source);
    gl.compile_shader(&shader);
    gl.get_shader_parameter(&shader, Gl::COMPILE_STATUS)
        .as_bool()?
        .then_some(shader)
}

/// Everything of one picture but its pixels.
pub struct Picture {
    /// As [`super::geometry::Placement::affine`] answers it, for the canvas' own pixels.
    pub affine: [f64; 6],
    pub window: Window,
    pub steps: Steps,
    pub inverted: bool,
}

pub struct Renderer {
    gl: Gl,
    canvas: HtmlCanvasElement,
    programs: Vec<(PixelKind, WebGlProgram)>,
    texture: WebGlTexture,
    kind: PixelKind,
    rescale: (f64, f64),
    largest: u32,
}

impl Renderer {
    /// `None` where the machine has no WebGL2.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let gl = context(&canvas)?;
        let texture = gl.create_texture()?;
        let largest = gl.get_parameter(Gl::MAX_TEXTURE_SIZE).ok()?.as_f64()? as u32;
        Some(Self {
            gl,
            canvas,
            programs: Vec::new(),
            texture,
            kind: PixelKind::U8,
            rescale: (1.0, 0.0),
            largest,
        })
    }

    /// Whether the card takes a frame of this size.
    pub fn fits(&self, frame: &Frame) -> bool {
        frame.header.rows <= self.largest && frame.header.columns <= self.largest
    }

    /// Hands a frame's pixels to the card.
    pub fn upload(&mut self, frame: &Frame) -> Option<()> {
        let header = &frame.header;
        let (internal, format, kind, _) = storage(header.kind);
        let gl = &self.gl;
        gl.bind_texture(Gl::TEXTURE_2D, Some(&self.texture));
        for (name, value) in [
            (Gl::TEXTURE_MIN_FILTER, Gl::NEAREST),
            (Gl::TEXTURE_MAG_FILTER, Gl::NEAREST),
            (Gl::TEXTURE_WRAP_S, Gl::CLAMP_TO_EDGE),
            (Gl::TEXTURE_WRAP_T, Gl::CLAMP_TO_EDGE),
        ] {
            gl.tex_parameteri(Gl::TEXTURE_2D, name, value as i32);
        }
        gl.pixel_storei(Gl::UNPACK_ALIGNMENT, 1);
        gl.tex_image_2d_with_i32_and_i32_and_i32_and_format_and_type_and_opt_array_buffer_view(
            Gl::TEXTURE_2D,
            0,
            internal as i32,
            header.columns as i32,
            header.rows as i32,
            0,
            format,
            kind,
            Some(&pixels(frame)),
        )
        .ok()?;
        self.kind = header.kind;
        // Float frames carry modality values already.
        self.rescale = if header.kind == PixelKind::F32 {
            (1.0, 0.0)
        } else {
            (header.slope, header.intercept)
        };
        Some(())
    }

    pub fn draw(&mut self, picture: &Picture) -> Option<()> {
        let program = self.program(self.kind)?;
        let gl = &self.gl;
        let (width, height) = (self.canvas.width(), self.canvas.height());
        gl.viewport(0, 0, width as i32, height as i32);
        gl.use_program(Some(&program));
        gl.bind_texture(Gl::TEXTURE_2D, Some(&self.texture));
        let place = |name: &str| gl.get_uniform_location(&program, name);
        let [a, b, c, d, x, y] = picture.affine.map(|v| v as f32);
        gl.uniform2f(place("right").as_ref(), a, b);
        gl.uniform2f(place("down").as_ref(), c, d);
        gl.uniform2f(place("origin").as_ref(), x, y);
        gl.uniform2f(place("canvas").as_ref(), width as f32, height as f32);
        gl.uniform2f(
            place("rescale").as_ref(),
            self.rescale.0 as f32,
            self.rescale.1 as f32,
        );
        gl.uniform2f(
            place("level").as_ref(),
            picture.window.centre as f32,
            picture.window.width as f32,
        );
        gl.uniform1i(place("inverted").as_ref(), i32::from(picture.inverted));
        gl.uniform1i(
            place("fine").as_ref(),
            i32::from(picture.steps == Steps::Fine),
        );
        gl.draw_arrays(Gl::TRIANGLES, 0, 3);
        Some(())
    }

    fn program(&mut self, kind: PixelKind) -> Option<WebGlProgram> {
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == kind) {
            return Some(program.clone());
        }
        let mut fragment = FRAGMENT.replace("SAMPLER", storage(kind).3);
        if kind == PixelKind::Rgb8 {
            fragment = fragment.replace(
                "precision highp float;",
                "#define COLOUR\nprecision highp float;",
            );
        }
        let program = link(&self.gl, &fragment)?;
        self.programs.push((kind, program.clone()));
        Some(program)
    }
}
