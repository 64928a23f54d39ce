//! What the page believes about its surroundings: its size, the colours somebody prefers, whether there is a network.

use anyhow::Result;
use serde_json::json;

use super::{Browser, Window};

/// The colours that somebody asked their system for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Browser {
    /// Gives the page exactly this size; Chromium's own windows cannot be as narrow as a telephone.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn resize(&self, window: Window) -> Result<()> {
        let metrics =
            json!({ "width": window.width, "height": window.height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }

    /// Sets what `prefers-color-scheme` says, at once and for every page that follows.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn set_colours(&self, colours: Colours) -> Result<()> {
        let value = match colours {
            Colours::Light => "light",
            Colours::Dark => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Lets every new request of the page fail as without a network, or lets them pass again.
    ///
    /// Chromium leaves open streams alone; to break one, put a [`Line`](crate::line::Line) in between.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn set_offline(&self, is_offline: bool) -> Result<()> {
        self.devtools("Network.enable", json!({})).await?;
        let conditions =
            json!({ "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", conditions).await?;
        Ok(())
    }
}
