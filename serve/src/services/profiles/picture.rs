//! Pictures of people: read from what is sent, made small, and written as files.
//!
//! Nothing of what was sent is kept but the pixels: neither where a photograph was taken nor what else its
//! file says.

use std::fs;
use std::io::{self, Cursor};
use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use tracing::error;

use crate::domain::{Problem, ProblemKind, UserId};
use crate::store::files;

/// The most bytes of a picture as it is sent.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most pixels of it, known before any is decoded: a small file can say that it is very large.
const PIXELS_MAX: u64 = 40_000_000;
/// What decoding may take: eight bytes for each pixel, of pictures with sixteen bits a channel.
const MEMORY_MAX: u64 = 8 * PIXELS_MAX;
/// The longer side of a picture as it is kept, in pixels.
const SIDE_MAX: u32 = 512;
/// The quality of the JPEG that is kept, of 100.
const QUALITY: u8 = 85;

/// A picture as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file: a JPEG.
    pub jpeg: Vec<u8>,
    /// A digest of it, by which a client knows what it has.
    pub tag: String,
}

impl Picture {
    fn of(jpeg: Vec<u8>) -> Self {
        let tag = blake3::hash(&jpeg).to_hex()[..32].to_owned();
        Self { jpeg, tag }
    }
}

/// The directory of pictures.
#[derive(Debug, Clone)]
pub(super) struct Pictures(PathBuf);

impl Pictures {
    pub(super) const fn in_directory(directory: PathBuf) -> Self {
        Self(directory)
    }

    fn path_of(&self, user: UserId) -> PathBuf {
        self.0.join(format!("{user}.jpg"))
    }

    /// Returns whether a person has a picture.
    pub(super) fn has(&self, user: UserId) -> Result<bool, Problem> {
        self.path_of(user).try_exists().map_err(|error| of_disk(&error))
    }

    /// Returns a person's picture, if there is one.
    pub(super) fn get(&self, user: UserId) -> Result<Option<Picture>, Problem> {
        match fs::read(self.path_of(user)) {
            Ok(jpeg) => Ok(Some(Picture::of(jpeg))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(of_disk(&error)),
        }
    }

    /// Keeps a picture in place of the one before: whoever reads meanwhile gets one or the other, whole.
    pub(super) fn put(&self, user: UserId, sent: &[u8]) -> Result<Picture, Problem> {
        let picture = Picture::of(jpeg_of(sent)?);
        self.write(user, &picture.jpeg).map_err(|error| of_disk(&error))?;
        Ok(picture)
    }

    fn write(&self, user: UserId, jpeg: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        files::put(&self.path_of(user), jpeg)
    }

    /// Deletes a person's picture; returns whether there was one.
    pub(super) fn delete(&self, user: UserId) -> Result<bool, Problem> {
        match fs::remove_file(self.path_of(user)) {
            Ok(()) => files::sync_directory(&self.0).map(|()| true).map_err(|error| of_disk(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(of_disk(&error)),
        }
    }
}

fn of_disk(error: &io::Error) -> Problem {
    error!(%error, "a picture");
    Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log")
}

/// Returns a picture that was sent as a small JPEG.
fn jpeg_of(sent: &[u8]) -> Result<Vec<u8>, Problem> {
    let format = image::guess_format(sent).ok();
    let format = format.filter(|it| matches!(it, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP));
    let format = format.ok_or_else(|| {
        let problem =
            Problem::new(ProblemKind::OtherForm, "not_a_picture", "the body is no PNG, JPEG or WebP");
        problem.hint("send the bytes of the file itself, neither a form nor base64")
    })?;
    let small = |picture: DynamicImage| picture.thumbnail(SIDE_MAX, SIDE_MAX);
    let picture = decoded(sent, format)?;
    let is_large = picture.width().max(picture.height()) > SIDE_MAX;
    let picture = on_white(&if is_large { small(picture) } else { picture });
    let mut jpeg = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture);
    encoded.map(|()| jpeg).map_err(|error| damaged(&error))
}

/// Decodes a picture, upright: a camera says beside the pixels how it was held.
fn decoded(sent: &[u8], format: ImageFormat) -> Result<DynamicImage, Problem> {
    let mut reader = ImageReader::with_format(Cursor::new(sent), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > PIXELS_MAX {
        let message = format!("the picture has {width} times {height} pixels; at most 40 million are taken");
        return Err(Problem::new(ProblemKind::Refused, "too_many_pixels", message));
    }
    let orientation = decoder.orientation().map_err(|error| damaged(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| damaged(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Returns a picture on white: a JPEG has no transparency.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let from = picture.to_rgba8();
    RgbImage::from_fn(from.width(), from.height(), |x, y| {
        let [red, green, blue, alpha] = from.get_pixel(x, y).0.map(u16::from);
        let mixed = [red, green, blue].map(|it| (it * alpha + 255 * (255 - alpha) + 127) / 255);
        Rgb(mixed.map(|it| u8::try_from(it).unwrap_or(u8::MAX)))
    })
}

fn damaged(error: &ImageError) -> Problem {
    Problem::new(ProblemKind::Refused, "damaged_picture", format!("the picture cannot be read: {error}"))
}

#[cfg(test)]
mod tests;
