//! What is shown of small images, pixel by pixel.

mod support;

use dhc_imaging::{DecodeError, DisplayPixels, RenderParams, Window, WindowChoice, decode_frame};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use support::Image;

fn shown(image: &Image, window: WindowChoice) -> Vec<u8> {
    let params = RenderParams {
        window,
        invert: false,
    };
    image.open().unwrap().render(0, &params).unwrap().pixels
}

#[test]
fn a_window_is_laid_over_modality_values() {
    let mut image = Image::new();
    image.size(1, 4).words(&[0, 1000, 1050, 2000]);
    image
        .text(tags::RESCALE_INTERCEPT, VR::DS, "-1000")
        .text(tags::RESCALE_SLOPE, VR::DS, "1");
    let window = Window::linear(50.0, 100.0).unwrap();
    assert_eq!(
        shown(&image, WindowChoice::Explicit(window)),
        [0, 0, 129, 255]
    );
    // Without a window in the file: from the lowest value to the highest.
    assert_eq!(shown(&image, WindowChoice::Default), [0, 128, 134, 255]);
    // Lung: centre -600, width 1500.
    assert_eq!(
        shown(&image, WindowChoice::Named("lung".into())),
        [60, 230, 238, 255]
    );
    assert!(matches!(
        image.open().unwrap().render(
            0,
            &RenderParams {
                window: WindowChoice::Named("x-ray specs".into()),
                invert: false
            }
        ),
        Err(DecodeError::NoSuchWindow(_))
    ));
}

#[test]
fn the_files_own_windows_are_default_and_go_by_their_explanation() {
    let mut image = Image::new();
    image.size(1, 2).words(&[0, 100]);
    image
        .text(tags::WINDOW_CENTER, VR::DS, "50.5\\1000")
        .text(tags::WINDOW_WIDTH, VR::DS, "101\\2")
        .text(
            tags::WINDOW_CENTER_WIDTH_EXPLANATION,
            VR::LO,
            "NORMAL\\HARD",
        );
    assert_eq!(shown(&image, WindowChoice::Default), [0, 255]);
    assert_eq!(shown(&image, WindowChoice::Named("hard".into())), [0, 0]);
}

#[test]
fn low_is_white_in_monochrome1_and_padding_is_black() {
    let mut image = Image::new();
    image
        .size(1, 3)
        .words(&[0, 100, 0xffff])
        .samples(1, "MONOCHROME1");
    image.short(tags::PIXEL_PADDING_VALUE, 0xffff);
    assert_eq!(shown(&image, WindowChoice::Default), [255, 0, 0]);
}

#[test]
fn palettes_become_colours_and_stored_values_stay_indices() {
    let mut image = Image::new();
    image
        .size(1, 2)
        .bits(8, 8, false)
        .samples(1, "PALETTE COLOR")
        .pixels(&[1, 0]);
    for (descriptor, table, entries) in [
        (
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0xff00, 0x0100],
        ),
        (
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0x8000, 0x0200],
        ),
        (
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0x0000, 0x0300],
        ),
    ] {
        image
            .shorts(descriptor, VR::US, &[2, 0, 16])
            .shorts(table, VR::OW, &entries);
    }
    assert!(
        decode_frame(&image.file(), 0)
            .unwrap()
            .samples()
            .eq([1.0, 0.0])
    );
    assert_eq!(shown(&image, WindowChoice::Default), [1, 2, 3, 255, 128, 0]);
}

#[test]
fn a_display_gets_samples_scale_and_windows() {
    let mut image = Image::new();
    image
        .text(tags::RESCALE_SLOPE, VR::DS, "2")
        .text(tags::RESCALE_INTERCEPT, VR::DS, "-1024");
    image.text(tags::PIXEL_SPACING, VR::DS, "0.5\\0.25");
    let frame = image.open().unwrap().display_frame(0).unwrap();
    assert_eq!(
        (frame.slope, frame.intercept, frame.range),
        (2.0, -1024.0, [-1024.0, -1002.0])
    );
    assert_eq!(frame.unit.as_deref(), Some("HU"));
    assert_eq!(frame.windows[0].center, -1013.0);
    let spacing = frame.spacing.unwrap();
    assert_eq!((spacing.row_mm, spacing.column_mm), (0.5, 0.25));
    let DisplayPixels::Grey16 {
        signed: false,
        data,
    } = frame.pixels
    else {
        panic!("words")
    };
    assert_eq!(data.len(), 24);
}

#[test]
fn a_thumbnail_is_a_png_that_fits() {
    let mut image = Image::new();
    image
        .size(300, 600)
        .bits(8, 8, false)
        .pixels(&vec![9; 300 * 600]);
    let png = image.open().unwrap().thumbnail().unwrap();
    let small = image::load_from_memory(&png).unwrap();
    assert_eq!((small.width(), small.height()), (256, 128));
}
