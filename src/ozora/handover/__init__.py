"""The way out to editing software: media, timelines and subtitles of finished clips."""
