//! `/api/me/avatar` and `/api/avatars`: user pictures.
//!
//! Only files that were checked to be pictures are served, under the hash of their bytes, and with
//! headers that prevent any script from running.

use super::extract::LoggedIn;
use super::extract::{ClientAddress, DiskCapacity};
use super::{Failure, profile};
use crate::app::AppState;
use crate::store::Picture;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use imagesize::ImageType;
use tidings_shared::{api, limits};

/// `PUT /api/me/avatar`: the body is the file.
pub(super) async fn put(
    State(app): State<AppState>,
    _: DiskCapacity,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<api::User>, Failure> {
    let bytes = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => not_a_picture(),
        _ => Failure::BadRequest(error.body_text()),
    })?;
    let media_type = media_type(&bytes).ok_or_else(not_a_picture)?;
    let picture = Picture::new(media_type, bytes.into());
    let avatar = picture.url();
    if user.avatar == avatar {
        return Ok(Json(user));
    }
    profile::check_rate(&app, user.uid, address)?;
    let kept = Some((&picture, avatar.as_str()));
    let user = app.store.set_avatar(user.uid, kept).await?;
    profile::publish_profile(&app, user).await
}

/// `DELETE /api/me/avatar`
pub(super) async fn delete(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
) -> Result<Json<api::User>, Failure> {
    profile::check_rate(&app, user.uid, address)?;
    let user = app.store.set_avatar(user.uid, None).await?;
    profile::publish_profile(&app, user).await
}

/// `GET /api/avatars/HASH`: requires a login; immutable, because the address is the hash.
pub(super) async fn get(
    State(app): State<AppState>,
    _login: LoggedIn,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Failure> {
    let Path(hash) = path.map_err(|_| Failure::NotFound)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).map_err(|_| Failure::NotFound)?;
    let picture = app.store.avatar(bytes).await?.ok_or(Failure::NotFound)?;
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, picture.media_type),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable".into(),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox".into(),
        ),
    ];
    Ok((headers, picture.bytes))
}

/// The media type, if the file is a supported picture within the size limits.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let media_type = match imagesize::image_type(bytes).ok()? {
        ImageType::Png => "image/png",
        ImageType::Jpeg => "image/jpeg",
        ImageType::Webp => "image/webp",
        ImageType::Gif => "image/gif",
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    let sides = 1..=limits::AVATAR_PIXELS;
    (sides.contains(&size.width) && sides.contains(&size.height)).then_some(media_type)
}

fn not_a_picture() -> Failure {
    Failure::BadRequest(format!(
        "an avatar is a PNG, JPEG, WebP or GIF file of at most {} KiB and {} pixels a side",
        limits::AVATAR_BYTES / 1024,
        limits::AVATAR_PIXELS
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG of this size, which is all that is parsed.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn media_type_is_detected_from_bytes_and_size_bounded() {
        let side = u32::try_from(limits::AVATAR_PIXELS).expect("small");
        assert_eq!(media_type(&png(side, 1)), Some("image/png"));
        let gif = b"GIF89a\x01\0\x01\0\0\0\0;";
        assert_eq!(media_type(gif), Some("image/gif"));
        assert_eq!(media_type(&png(side + 1, 1)), None);
        assert_eq!(media_type(&png(0, 1)), None);
        for wrong in [
            &b""[..],
            b"hello",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<html>",
            &png(1, 1)[..12],
            b"GIF89a",
            b"RIFF\0\0\0\0WEBP",
            b"\xff\xd8\xff",
        ] {
            assert_eq!(media_type(wrong), None, "{wrong:?}");
        }
    }
}
