//! Pictures as they are sent, and as they are kept.

use image::{GenericImageView, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

/// Returns a picture, red on the left and transparent on the right, as a file.
fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbaImage::from_fn(width, height, |x, _| {
        if 2 * x < width { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 0]) }
    });
    let picture = DynamicImage::ImageRgba8(picture);
    let picture = if format == ImageFormat::Jpeg { on_white(&picture).into() } else { picture };
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn kept(sent: &[u8]) -> DynamicImage {
    let jpeg = jpeg_of(sent).unwrap();
    image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap()
}

fn refusal(sent: &[u8]) -> String {
    jpeg_of(sent).unwrap_err().code.into_owned()
}

/// Puts a segment behind the first two bytes of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// Returns what a camera writes that was held on its side: Exif with one entry, the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation];
    [&b"Exif\0\0"[..], &tiff, &[0, 0, 0, 0, 0, 0], b"at 33.4 S 70.6 W"].concat()
}

#[test]
fn each_format_becomes_a_small_jpeg_on_white_of_the_same_shape() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        for ((width, height), expected) in
            [((1_024, 256), (512, 128)), ((300, 900), (171, 512)), ((20, 30), (20, 30)), ((1, 1), (1, 1))]
        {
            let picture = kept(&file(width, height, format));
            assert_eq!(picture.dimensions(), expected, "{format:?} of {width} times {height}");
        }
        let picture = kept(&file(512, 512, format)).to_rgb8();
        let near = |pixel: &Rgb<u8>, wanted: [u8; 3]| {
            pixel.0.iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) < 12)
        };
        assert!(near(picture.get_pixel(50, 256), [255, 0, 0]), "{format:?}: red stays red");
        assert!(
            near(picture.get_pixel(460, 256), [255, 255, 255]),
            "{format:?}: what is transparent is white"
        );
    }
}

#[test]
fn a_picture_is_turned_upright_and_nothing_else_of_its_file_is_kept() {
    let plain = file(400, 200, ImageFormat::Jpeg);
    let photograph = with_segment(&with_segment(&plain, 0xe1, &exif(6)), 0xfe, b"by Anne, at home");
    let jpeg = jpeg_of(&photograph).unwrap();
    let picture = image::load_from_memory(&jpeg).unwrap();
    assert_eq!(picture.dimensions(), (200, 400));
    assert!(picture.to_rgb8().get_pixel(100, 50).0[1] < 40, "its left side is above");
    for words in [&b"Exif"[..], b"Anne", b"33.4"] {
        assert!(photograph.windows(words.len()).any(|it| it == words));
        assert!(!jpeg.windows(words.len()).any(|it| it == words), "{}", String::from_utf8_lossy(words));
    }
}

#[test]
fn what_is_no_picture_or_too_large_a_one_is_refused_in_words() {
    let jpeg = file(64, 64, ImageFormat::Jpeg);
    for none in [
        &b""[..],
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"BM",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-",
    ] {
        assert_eq!(refusal(none), "not_a_picture", "{}", String::from_utf8_lossy(none));
    }
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = file(64, 64, format);
        assert_eq!(refusal(&whole[..whole.len() / 3]), "damaged_picture", "{format:?}");
    }
    // The header says how large it is; nothing is decoded.
    let frame = jpeg.windows(2).position(|it| it == [0xff, 0xc0]).unwrap();
    let sized = |height: u16, width: u16| {
        let mut bomb = jpeg.clone();
        bomb[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bomb[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        bomb
    };
    let problem = jpeg_of(&sized(60_000, 65_000)).unwrap_err();
    assert_eq!((&*problem.code, problem.kind), ("too_many_pixels", ProblemKind::Refused));
    assert!(problem.message.contains("65000 times 60000"), "{}", problem.message);
    assert_eq!(refusal(&sized(6_325, 6_325)), "too_many_pixels", "40,005,625 of them");
}

#[test]
fn pictures_are_files_of_their_owners() {
    let place = tempfile::tempdir().unwrap();
    let pictures = Pictures::in_directory(place.path().join("images"));
    let (anne, bert) = (UserId::draw(), UserId::draw());
    assert_eq!((pictures.get(anne), pictures.delete(anne)), (Ok(None), Ok(false)));
    let first = pictures.put(anne, &file(8, 8, ImageFormat::Png)).unwrap();
    assert_eq!(pictures.get(anne), Ok(Some(first.clone())));
    assert_eq!(pictures.get(bert), Ok(None));
    let second = pictures.put(anne, &file(9, 9, ImageFormat::WebP)).unwrap();
    assert_ne!(first.tag, second.tag);
    // One that is refused leaves the one before.
    pictures.put(anne, b"none").unwrap_err();
    assert_eq!(pictures.get(anne), Ok(Some(second)));
    let names: Vec<_> =
        fs::read_dir(place.path().join("images")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, [std::ffi::OsString::from(format!("{anne}.jpg"))]);
    assert_eq!((pictures.delete(anne), pictures.get(anne)), (Ok(true), Ok(None)));
    // Where there can be no directory, it is said, and nothing is kept.
    fs::write(place.path().join("taken"), "").unwrap();
    let nowhere = Pictures::in_directory(place.path().join("taken"));
    let problem = nowhere.put(anne, &file(8, 8, ImageFormat::Png)).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Internal);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn prop_a_damaged_file_is_a_picture_or_a_refusal(
        which in 0_usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP][which];
        let mut bytes = file(24, 16, format);
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        match jpeg_of(&bytes) {
            Ok(jpeg) => prop_assert!(image::load_from_memory(&jpeg).unwrap().width() <= SIDE_MAX),
            Err(problem) => prop_assert!(matches!(problem.kind, ProblemKind::Refused | ProblemKind::OtherForm)),
        }
    }
}
