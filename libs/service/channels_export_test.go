package service

import "github.com/yuanlu/yuanlu/libs/identity"

// ReadChannels reads the files that a configuration names.
func (c Config) ReadChannels(banks identity.Banks) (Channels, error) { return c.channels(banks) }
