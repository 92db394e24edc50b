// Every Node.js that this package supports can require ECMAScript modules.
module.exports = require('../dist/index.js')
