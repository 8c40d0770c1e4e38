module github.com/yuanlu/yuanlu/api

go 1.26.0

require github.com/yuanlu/yuanlu/libs v0.0.0

replace github.com/yuanlu/yuanlu/libs => ../libs

require github.com/google/go-cmp v0.7.0

require github.com/google/uuid v1.6.0 // indirect
